import type { CloseReason } from '../errors/close-reason.js';
import { SessionError, sessionClosed } from '../errors/session-error.js';

/** A client's connection, for as long as its session lives. */
export interface LiveSocket {
  /** Whether its being open is activity of the session, or only shows that the client is there. */
  readonly activity: boolean;

  /** Why its session ended, if it did. */
  readonly ended: CloseReason | undefined;

  /** Ends the connection at once and tells the client why. Called once at most. */
  end(reason: CloseReason): void;

  /** Called every few seconds: the occasion to find out whether somebody is still there. */
  beat(): void;
}

/**
 * Its session may have ended while the handshake was being prepared.
 * @throws SessionError `SESSION_CLOSED`, `STOPPED`
 */
export function requireLive({ ended }: LiveSocket): void {
  if (ended === 'shutdown') throw new SessionError('STOPPED', 'The session service is stopping', {});
  if (ended !== undefined) throw sessionClosed(ended);
}
