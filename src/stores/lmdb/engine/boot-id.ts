import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** How exactly the moment of a boot can be told where the system has no name for it. Milliseconds. */
const exactness = 60_000;

/** What tells one run of the operating system from the next. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `booted-${Math.round((Date.now() - uptime() * 1_000) / exactness)}`;
  }
}
