import type { IncomingMessage, ServerResponse } from 'node:http';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { HeldResponse } from '../requests/held-response.js';
import { loadedOf } from './loaded-session.js';
import { isRefused } from './refused-login.js';

/** What is used of a request of Express. */
export type FailedRequest = IncomingMessage & {
  readonly session?: { destroy(callback: (error?: unknown) => void): unknown } | null | undefined;
};

/**
 * An error handler for Express, mounted behind the routes: `app.use(sessionErrorHandler)`. Answers a `SessionError` with its
 * status and problem document (RFC 9457), and passes any other error on. When a login was refused by the limit, it
 * destroys the session of that login first, so that no cookie and no data are left of it. One that the request came with
 * stays the visitor's.
 */
export function sessionErrorHandler(
  error: unknown,
  request: FailedRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
): void {
  if (!SessionError.is(error)) {
    next(error);
    return;
  }
  if (response.headersSent) {
    // express-session saves at the end of a request. To pass the error on would reset the connection.
    reportFault('A session could not be saved after the answer was sent', error);
    return;
  }
  const answer = () => new HeldResponse(response).fail(error);
  const { session } = request;
  const isOfLogin = isRefused(session) && loadedOf(session)?.cameWithRequest !== true;
  if (isOfLogin && session !== undefined && session !== null) {
    session.destroy((fault) => {
      // Nothing of the login was stored, so that the client can be told all the same.
      if (fault !== undefined && fault !== null) reportFault('The session of a refused login was not destroyed', fault);
      answer();
    });
    return;
  }
  answer();
}
