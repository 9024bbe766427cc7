import { readFileSync } from 'node:fs';
import { type Clock, SystemClock } from '../time/clock.js';

/** A time on the steady clock that all processes of a machine share from one boot to the next. */
export interface MachineTime {
  /** Identifies the boot of the machine. */
  readonly boot: number;
  /** Milliseconds on the steady clock. */
  readonly steady: number;
}

/** Number of hexadecimal digits of the boot identifier that are used: a JavaScript number holds this many exactly. */
const bootDigits = 12;

/**
 * Returns the present time of the machine's steady clock, which can't be set. Returns `undefined` on systems where one
 * boot can't be distinguished from another (all but Linux), and when `clock` is driven by a test.
 */
export function machineTime(clock: Clock): MachineTime | undefined {
  if (!(clock instanceof SystemClock)) return undefined;
  const boot = bootOf();
  return boot === undefined ? undefined : { boot, steady: Number(process.hrtime.bigint() / 1_000_000n) };
}

let latest: { readonly boot: number | undefined } | undefined;

function bootOf(): number | undefined {
  latest ??= { boot: readBoot() };
  return latest.boot;
}

function readBoot(): number | undefined {
  try {
    const identifier = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '');
    const boot = Number.parseInt(identifier.slice(0, bootDigits), 16);
    return Number.isSafeInteger(boot) ? boot : undefined;
  } catch {
    return undefined;
  }
}
