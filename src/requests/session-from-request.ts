import type { IncomingMessage } from 'node:http';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { isWithoutSession, RequestCredentials, type RequestSessionOptions } from './request-credentials.js';

/**
 * The session of whoever made a request, renewed; `undefined` when it bears none, or none that lives. Says nothing of
 * which page made it: for what changes something, or opens a channel, the origin must be looked at too.
 *
 * Of several credentials, a bearer header counts; else the first cookie of ours that could be a token; else, where
 * `expressSession` is given, the cookie of express-session.
 *
 * @throws SessionError `STORE_UNAVAILABLE` or `STOPPED`: then nobody knows; `INVALID_ARGUMENT` for wrong options
 */
export async function sessionFromRequest(
  request: IncomingMessage,
  manager: SessionManager,
  options: RequestSessionOptions = {},
): Promise<Session | undefined> {
  const credentials = new RequestCredentials(manager, options);
  try {
    return await credentials.authenticate(request);
  } catch (error) {
    if (isWithoutSession(error)) return undefined;
    throw error;
  }
}
