import { inject, injectable } from 'inversify';
import { SessionContext } from '../context/session-context.js';
import { SessionEvents } from '../events/session-events.js';
import type { SessionReference } from '../store/session-record.js';
import { SessionStore, type Slice } from '../store/session-store.js';
import { Clock } from '../time/clock.js';
import { SlicedProcessor } from './sliced-processor.js';

/** Sessions judged in one turn of the event loop. */
const sliceSize = 500;

/** Notices sessions that fell silent and tells of it, once for each silence. Their return is noticed at the contact. */
@injectable()
export class HeartbeatProcessor extends SlicedProcessor<SessionReference> {
  readonly #store: SessionStore;
  readonly #events: SessionEvents;

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(SessionStore) store: SessionStore,
    @inject(Clock) clock: Clock,
    @inject(SessionEvents) events: SessionEvents,
  ) {
    super(clock, context.hbTime);
    this.#store = store;
    this.#events = events;
  }

  /** Judges every session once, as each round does. */
  judge(): Promise<void> {
    return this.round();
  }

  protected takeSlice(): Promise<Slice<SessionReference>> {
    return this.#store.judgePresence(sliceSize);
  }

  protected tell(silent: SessionReference): void {
    this.#events.emit('away', silent);
  }
}
