import type { Clock } from '../../../time/clock.js';
import { machineTime } from '../../machine-time.js';
import type { NodeTables } from './node-tables.js';

/**
 * One time for all processes that share the database, whatever the wall clock did between their starts. The first process
 * after a start of the machine writes how far the wall clock is from the machine's steady clock; the others take that over.
 * So a wall clock that is set ends no session early and lets none live longer, until the machine starts anew.
 *
 * After a start of the machine there is only the wall clock. If it is behind the latest time in the database, the time goes on
 * from there: sessions would else live longer by as much.
 */
export class SharedClock {
  readonly #clock: Clock;
  /** What the time of all processes is ahead of this process's clock. */
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.#ahead;
  }

  /** Takes the time of the other processes over. Within a transaction that writes, before the first use of `now`. */
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

  /** Keeps the present time for the next start of the machine. Within a transaction that writes. */
  note(tables: NodeTables): void {
    tables.setCount('time', this.now());
  }
}
