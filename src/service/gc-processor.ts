import { inject, injectable } from 'inversify';
import { SessionContext } from '../context/session-context.js';
import { SessionEvents } from '../events/session-events.js';
import type { ClosedSession } from '../store/session-record.js';
import { SessionStore, type Slice } from '../store/session-store.js';
import { Clock } from '../time/clock.js';
import { SlicedProcessor } from './sliced-processor.js';

/** Sessions reclaimed in one turn of the event loop: a fraction of a millisecond, some four while nothing is compiled. */
const sliceSize = 100;

/** Reclaims sessions past their deadlines and tells of their end. */
@injectable()
export class GcProcessor extends SlicedProcessor<ClosedSession> {
  readonly #store: SessionStore;
  readonly #events: SessionEvents;

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(SessionStore) store: SessionStore,
    @inject(Clock) clock: Clock,
    @inject(SessionEvents) events: SessionEvents,
  ) {
    super(clock, context.gcInterval);
    this.#store = store;
    this.#events = events;
  }

  /** One full sweep, as each round does. */
  sweep(): Promise<void> {
    return this.round();
  }

  protected takeSlice(): Promise<Slice<ClosedSession>> {
    return this.#store.sweep(sliceSize);
  }

  protected tell(closed: ClosedSession): void {
    this.#events.emit('closed', closed);
  }
}
