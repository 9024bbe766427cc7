import { SessionError } from '../errors/session-error.js';

/**
 * Session objects whose login was refused: by the limit, or because of their sid. Their framework still holds them, with
 * the account in them, and express-session saves them once more when it has sent the answer.
 */
const refused = new WeakSet<object>();

/** Whether a save that binds an account failed because it may not be bound. */
export function isRefusal(error: unknown): boolean {
  return SessionError.is(error, 'SESSION_LIMIT') || SessionError.is(error, 'INVALID_ARGUMENT');
}

export function markRefused(session: object): void {
  refused.add(session);
}

/** A later save has succeeded, without the account or because there was room for it by then. */
export function unmarkRefused(session: object): void {
  refused.delete(session);
}

export function isRefused(session: unknown): session is object {
  return typeof session === 'object' && session !== null && refused.has(session);
}

/**
 * Whether the request of this session object has been answered. What is saved then can't be told to the client any more:
 * a login that was refused must not come about, and a second error would make Express reset the connection.
 */
export function isAnswered(session: object): boolean {
  const request: unknown = 'req' in session ? session.req : undefined;
  const response: unknown =
    typeof request === 'object' && request !== null && 'res' in request ? request.res : undefined;
  return typeof response === 'object' && response !== null && Reflect.get(response, 'headersSent') === true;
}
