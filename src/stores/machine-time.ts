import { readFileSync } from 'node:fs';
import { type Clock, SystemClock } from '../time/clock.js';

/** A time on the steady clock that all processes of a machine share, from the machine's start to its next. */
export interface MachineTime {
  /** Which start of the machine. */
  readonly boot: number;
  /** Milliseconds on the steady clock. */
  readonly steady: number;
}

/** As many hexadecimal digits of the start's identifier as a number holds exactly. */
const bootDigits = 12;

/**
 * The present time by the machine's steady clock, which no one can set. `undefined` where a start of the machine can't be told
 * from another (not Linux), and where `clock` is driven by a test.
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
