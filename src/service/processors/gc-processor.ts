import { inject, injectable } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import { SessionEvents } from '../../events/session-events.js';
import type { ClosedSession } from '../../store/session-record.js';
import { SessionStore } from '../../store/session-store.js';
import { Clock } from '../../time/clock.js';
import { SlicedProcessor } from './sliced-processor.js';

/** Sessions reclaimed in one turn of the event loop: a fraction of a millisecond, or 4 ms before V8 has compiled it. */
const sliceSize = 100;

/** Reclaims expired sessions every `gcInterval` milliseconds and emits `closed` for each. */
@injectable()
export class GcProcessor extends SlicedProcessor<ClosedSession> {
  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(SessionStore) store: SessionStore,
    @inject(Clock) clock: Clock,
    @inject(SessionEvents) events: SessionEvents,
  ) {
    super(
      clock,
      context.gcInterval,
      () => store.sweep(sliceSize),
      (closed) => events.emit('closed', closed),
      'gc',
      events.measures,
    );
  }

  /** Reclaims every session that has expired by now. @throws SessionError `STORE_UNAVAILABLE` */
  sweep(): Promise<void> {
    return this.round();
  }
}
