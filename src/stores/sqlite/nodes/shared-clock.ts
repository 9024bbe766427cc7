import type { Clock } from '../../../time/clock.js';
import { machineTime } from '../../machine-time.js';
import type { NodeTables } from './node-tables.js';

/**
 * A common time for all processes that share the database, even if the wall clock is set between their starts. The
 * first process after a boot of the machine writes the offset of the wall clock from the machine's steady clock. The
 * other processes use this offset. Therefore, until the next boot, setting the wall clock makes no session expire early
 * or late.
 *
 * After a boot, only the wall clock is available. If it is behind the latest time in the database, the common time
 * continues from the latter. Otherwise sessions would live longer by the difference.
 */
export class SharedClock {
  readonly #clock: Clock;
  /** Milliseconds by which the common time is ahead of this process's clock. */
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.#ahead;
  }

  /** Adopts the common time. Called within a transaction that writes, before the first use of `now`. */
  join(tables: NodeTables): void {
    const machine = machineTime(this.#clock);
    if (machine === undefined) return;
    const now = this.#clock.now();
    const isSameStart = tables.count('boot') === machine.boot;
    const offset = isSameStart ? tables.count('clock') : Math.max(now, tables.count('time')) - machine.steady;
    tables.setCount('boot', machine.boot);
    tables.setCount('clock', offset);
    this.#ahead = offset + machine.steady - now;
    this.note(tables);
  }

  /** Stores the current time for the next boot of the machine. Called within a transaction that writes. */
  note(tables: NodeTables): void {
    tables.setCount('time', this.now());
  }
}
