import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

const minute = 60_000;

/** Returns an identifier of the current boot of the machine. */
export function currentBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Only Linux has this file. Elsewhere use the minute of the start: a clock that was set looks like another boot.
    return `started-${Math.round((Date.now() - uptime() * 1_000) / minute)}`;
  }
}
