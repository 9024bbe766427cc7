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

/** Sessions judged in one turn of the event loop. */
const sliceSize = 2_000;

/** Notices sessions that fell silent and tells of it, once for each silence. Their return is noticed at the contact. */
@injectable()
export class HeartbeatProcessor extends Processor {
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
    this.#interval = new Interval(clock, context.hbTime, () => this.#round());
  }

  start(): void {
    this.#interval.start();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#interval.stop();
  }

  /** Judges every session once, as each round does. */
  async judge(): Promise<void> {
    for (;;) {
      const { items, more } = await this.#store.judgePresence(sliceSize);
      for (const silent of items) this.#events.emit('away', silent);
      if (!more || this.#stopped) return;
      await nextTurn();
    }
  }

  async #round(): Promise<void> {
    try {
      await this.judge();
    } catch (error) {
      if (!SessionError.is(error, 'STORE_UNAVAILABLE')) reportFault('A heartbeat failed', error);
    }
  }
}
