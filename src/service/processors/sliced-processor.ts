import { setImmediate as nextTurn } from 'node:timers/promises';
import { reportFault } from '../../errors/fault-report.js';
import { SessionError } from '../../errors/session-error.js';
import type { Slice } from '../../store/session-store.js';
import type { Clock } from '../../time/clock.js';
import { Interval } from '../../time/interval.js';

/**
 * Background work that the store does slice by slice, in rounds. A round takes slices until no more work is due, and
 * yields to the event loop between them; the pause before the next round begins at the end of the last.
 */
export class SlicedProcessor<Item> {
  readonly #interval: Interval;
  readonly #takeSlice: () => Promise<Slice<Item>>;
  readonly #report: (item: Item) => void;
  #isStopped = false;

  /**
   * @param pauseMs between two rounds, in milliseconds
   * @param takeSlice has the store do one slice of the work
   * @param report emits the event of one item of a slice
   */
  constructor(clock: Clock, pauseMs: number, takeSlice: () => Promise<Slice<Item>>, report: (item: Item) => void) {
    this.#takeSlice = takeSlice;
    this.#report = report;
    this.#interval = new Interval(clock, pauseMs, () => this.#roundOrFault());
  }

  /** The first round begins after a pause. */
  start(): void {
    this.#interval.start();
  }

  /** No slice is begun after this; resolves when the running one has ended. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#interval.stop();
  }

  /** One full round now, beside those of the interval. */
  protected async round(): Promise<void> {
    for (;;) {
      const { items, more } = await this.#takeSlice();
      for (const item of items) this.#report(item);
      if (!more || this.#isStopped) return;
      await nextTurn();
    }
  }

  async #roundOrFault(): Promise<void> {
    try {
      await this.round();
    } catch (error) {
      // An unavailable store says so to every caller already. The next round does what this one could not.
      if (SessionError.is(error, 'STORE_UNAVAILABLE')) return;
      reportFault(`A round of ${this.constructor.name} failed`, error);
    }
  }
}
