import { inject, injectable } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import { SessionEvents } from '../../events/session-events.js';
import type { SessionReference } from '../../store/session-record.js';
import { SessionStore } from '../../store/session-store.js';
import { Clock } from '../../time/clock.js';
import { SlicedProcessor } from './sliced-processor.js';

/** Number of sessions that are checked in one turn of the event loop. */
const sliceSize = 500;

/**
 * Every `hbTime` milliseconds, finds the sessions that have been silent for `hbGrace`, and emits `away` once for each
 * silence. The contact that ends the silence emits `online`.
 */
@injectable()
export class HeartbeatProcessor extends SlicedProcessor<SessionReference> {
  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(SessionStore) store: SessionStore,
    @inject(Clock) clock: Clock,
    @inject(SessionEvents) events: SessionEvents,
  ) {
    super(
      clock,
      context.hbTime,
      () => store.judgePresence(sliceSize),
      (silent) => events.emit('away', silent),
      'presence',
      events.measures,
    );
  }

  /** Checks the presence of every session now. @throws SessionError `STORE_UNAVAILABLE` */
  judge(): Promise<void> {
    return this.round();
  }
}
