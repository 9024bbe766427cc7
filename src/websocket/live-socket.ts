import type { CloseReason } from '../errors/close-reason.js';
import { SessionError, sessionClosed } from '../errors/session-error.js';

/** A client's connection that ends with its session. */
export interface LiveSocket {
  /** Whether an open connection counts as activity of the session, or only as presence. */
  readonly activity: boolean;

  /** Why the session ended; `undefined` while it is live. */
  readonly ended: CloseReason | undefined;

  /** Closes the connection immediately, and sends the client the reason. Called at most once. */
  end(reason: CloseReason): void;

  /** Called every few seconds, to check that the client still answers. */
  beat(): void;
}

/**
 * Requires, before the handshake, that the session has not ended since its authentication.
 * @throws SessionError `SESSION_CLOSED`, `STOPPED`
 */
export function requireLive({ ended }: LiveSocket): void {
  if (ended === 'shutdown') throw new SessionError('STOPPED', 'The session service is stopping', {});
  if (ended !== undefined) throw sessionClosed(ended);
}
