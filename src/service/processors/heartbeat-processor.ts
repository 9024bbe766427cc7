import { inject, injectable } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import { SessionEvents } from '../../events/session-events.js';
import type { SessionReference } from '../../store/session-record.js';
import { SessionStore } from '../../store/session-store.js';
import { Clock } from '../../time/clock.js';
import { SlicedProcessor } from './sliced-processor.js';

/** Sessions judged in one turn of the event loop. */
const sliceSize = 500;

/**
 * Finds sessions silent for `hbGrace` every `hbTime` milliseconds and emits `away` for each, once for each silence.
 * `online` is emitted by the contact that ends the silence.
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

  /** Judges the presence of every session now. @throws SessionError `STORE_UNAVAILABLE` */
  judge(): Promise<void> {
    return this.round();
  }
}
