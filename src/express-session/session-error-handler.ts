import type { IncomingMessage, ServerResponse } from 'node:http';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { HeldResponse } from '../requests/held-response.js';
import { loadedOf } from './loaded-session.js';
import { isRefused } from './refused-login.js';

/** The part of an Express request that `sessionErrorHandler` uses. */
export type FailedRequest = IncomingMessage & {
  readonly session?: { destroy(callback: (error?: unknown) => void): unknown } | null | undefined;
};

/**
 * Error handler for Express, mounted behind the routes: `app.use(sessionErrorHandler)`. Answers a `SessionError` with
 * its status and problem document (RFC 9457), and passes any other error on. If a login was refused, the handler first
 * destroys the session of that login, so that neither its cookie nor its data remain. It keeps a session whose sid came
 * with the request: that session belongs to the visitor.
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
    // express-session saves at the end of a request. If the error were passed on, Express would reset the connection.
    reportFault('A session could not be saved after the answer was sent', error);
    return;
  }
  const answer = () => new HeldResponse(response).fail(error);
  const { session } = request;
  const isOfLogin = isRefused(session) && loadedOf(session)?.cameWithRequest !== true;
  if (isOfLogin && session !== undefined && session !== null) {
    session.destroy((fault) => {
      // Nothing of the login was stored. Therefore the client gets the same response despite this error.
      if (fault !== undefined && fault !== null) reportFault('The session of a refused login was not destroyed', fault);
      answer();
    });
    return;
  }
  answer();
}
