import { setImmediate as nextTurn } from 'node:timers/promises';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import type { Slice } from '../store/session-store.js';
import type { Clock } from '../time/clock.js';
import { Interval } from '../time/interval.js';
import { Processor } from './processor.js';

/**
 * Work that the store does slice by slice, in rounds: a round goes on until nothing more is due, letting others run in
 * between; the next round is timed from its end.
 */
export abstract class SlicedProcessor<Item> extends Processor {
  readonly #interval: Interval;
  #stopped = false;

  /** @param pause between two rounds, in milliseconds */
  constructor(clock: Clock, pause: number) {
    super();
    this.#interval = new Interval(clock, pause, () => this.#roundOrReport());
  }

  start(): void {
    this.#interval.start();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#interval.stop();
  }

  protected abstract takeSlice(): Promise<Slice<Item>>;

  /** Makes known what happened to one of the slice. */
  protected abstract tell(item: Item): void;

  protected async round(): Promise<void> {
    for (;;) {
      const { items, more } = await this.takeSlice();
      for (const item of items) this.tell(item);
      if (!more || this.#stopped) return;
      await nextTurn();
    }
  }

  async #roundOrReport(): Promise<void> {
    try {
      await this.round();
    } catch (error) {
      // A store that is away says so to every caller; the next round finds what is due then.
      if (!SessionError.is(error, 'STORE_UNAVAILABLE'))
        reportFault(`A round of ${this.constructor.name} failed`, error);
    }
  }
}
