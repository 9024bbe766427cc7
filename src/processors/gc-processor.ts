import { setImmediate as nextTurn } from 'node:timers/promises';
import { inject, injectable } from 'inversify';
import { Clock } from '../core/clock.js';
import { reportFault } from '../core/fault-report.js';
import { Interval } from '../core/interval.js';
import { Processor } from '../core/processor.js';
import { SessionContext } from '../core/session-context.js';
import { SessionError } from '../core/session-error.js';
import { SessionEvents } from '../core/session-events.js';
import { SessionStore } from '../core/session-store.js';

/** Sessions reclaimed in one turn of the event loop: a fraction of a millisecond, some four while nothing is compiled. */
const sliceSize = 100;

/**
 * Reclaims sessions past their deadlines and tells of their end. A round sweeps slice by slice until nothing more is
 * due, letting others run in between; the next round is timed from its end.
 */
@injectable()
export class GcProcessor extends Processor {
  readonly #store: SessionStore;
  readonly #events: SessionEvents;
  readonly #interval: Interval;
  #stopped = false;

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(SessionStore) store: SessionStore,
    @inject(Clock) clock: Clock,
    @inject(SessionEvents) events: SessionEvents,
  ) {
    super();
    this.#store = store;
    this.#events = events;
    this.#interval = new Interval(clock, context.gcInterval, () => this.#round());
  }

  start(): void {
    this.#interval.start();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#interval.stop();
  }

  /** One full sweep, as each round does. */
  async sweep(): Promise<void> {
    for (;;) {
      const { items, more } = await this.#store.sweep(sliceSize);
      for (const closed of items) this.#events.emit('closed', closed);
      if (!more || this.#stopped) return;
      await nextTurn();
    }
  }

  async #round(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      // A store that is away says so to every caller; the next round finds what is due then.
      if (!SessionError.is(error, 'STORE_UNAVAILABLE')) reportFault('A sweep failed', error);
    }
  }
}
