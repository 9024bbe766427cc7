import { SessionError } from '../errors/session-error.js';

/**
 * Session objects whose login was refused, by the limit or because of their sid. The framework still holds them, with
 * the account in them. express-session saves them once more when the application ends the response.
 */
const refused = new WeakSet<object>();

/** Whether a save failed because the account may not be bound. */
export function isRefusal(error: unknown): boolean {
  return SessionError.is(error, 'SESSION_LIMIT') || SessionError.is(error, 'INVALID_ARGUMENT');
}

export function markRefused(session: object): void {
  refused.add(session);
}

/**
 * Removes the mark after a later save has succeeded, either without the account or because the limit had room again.
 */
export function unmarkRefused(session: object): void {
  refused.delete(session);
}

export function isRefused(session: unknown): session is object {
  return typeof session === 'object' && session !== null && refused.has(session);
}

/**
 * Whether the request of this session object has been answered. After that the server can't report the result of a save
 * to the client: a refused login must not succeed any more, and a second error would make Express reset the connection.
 */
export function isAnswered(session: object): boolean {
  const request: unknown = 'req' in session ? session.req : undefined;
  const response: unknown =
    typeof request === 'object' && request !== null && 'res' in request ? request.res : undefined;
  return typeof response === 'object' && response !== null && Reflect.get(response, 'headersSent') === true;
}
