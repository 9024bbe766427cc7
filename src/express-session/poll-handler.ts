import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { invalidArgument, SessionError, sessionUnknown } from '../errors/session-error.js';
import { requireCursorByCookie } from '../requests/cookie-poll.js';
import { HeldResponse } from '../requests/held-response.js';
import { type OriginOptions, OriginPolicy, originOptions } from '../requests/origin-policy.js';
import { readPollOptions } from '../requests/poll-query.js';
import { type RequestHead, requestHeadOf } from '../requests/request-head.js';
import { queryOfTarget } from '../requests/request-target.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { checkOptions } from '../validation/options.js';

/** Finds the session of a sid; implemented by `SessionMailboxStore`. */
export interface SessionsOfSids {
  /** The session that a sid is bound to, if it is alive. */
  sessionOf(sid: string): Promise<Session | undefined>;
}

/** Which pages may poll with their visitor's cookie. */
export type PollHandlerOptions = OriginOptions;

/** A request that express-session has handled: `sessionID` comes from a cookie with a valid signature, or is new. */
export type PollingRequest = (IncomingMessage | Http2ServerRequest) & {
  readonly sessionID?: string;
  readonly originalUrl?: string;
};

/**
 * Serves the long poll to clients that have the cookie of express-session. Mount it behind the session middleware:
 * `app.get('/poll', pollHandler(manager, store))`. When a client disconnects, its poll ends and no message is lost.
 *
 * @throws SessionError `INVALID_CONTEXT` for an unknown or invalid option
 */
export function pollHandler(
  manager: SessionManager,
  sessions: SessionsOfSids,
  options: PollHandlerOptions = {},
): (request: PollingRequest, response: ServerResponse | Http2ServerResponse) => void {
  const origins = new OriginPolicy(checkOptions({ front: 'pollHandler', known: originOptions }, options));
  return (request, response) => {
    const held = new HeldResponse(response);
    poll(manager, sessions, origins, request, held).catch((error) => held.fail(error));
  };
}

async function poll(
  manager: SessionManager,
  sessions: SessionsOfSids,
  origins: OriginPolicy,
  request: PollingRequest,
  response: HeldResponse,
): Promise<void> {
  // Frameworks route HEAD to GET handlers. The answer has no body then, and a draining poll would lose its messages.
  if (request.method !== 'GET') throw invalidArgument('method', 'must be GET', request.method);
  // A poll acknowledges messages, so a link or an image on another site's page must not be able to cause one.
  const head = requestHeadOf(request);
  requireOwnPage(manager, origins, head);
  // From the URL, because what `req.query` is depends on the application.
  const options = readPollOptions(queryOfTarget(request.originalUrl ?? request.url));
  let gone = false;
  let hangUp = () => {};
  response.onceClosed(() => {
    gone = true;
    hangUp();
  });
  const { sessionID } = request;
  // While its store can't be reached, express-session passes requests on without a session.
  if (sessionID === undefined) {
    throw new SessionError('STORE_UNAVAILABLE', 'express-session has given this request no session', {});
  }
  const session = await sessions.sessionOf(sessionID);
  if (session === undefined) throw sessionUnknown();
  requireCursorByCookie(head, options);
  if (!gone) hangUp = manager.inApp(session.app).pollInto(session.id, options, response);
}

/** @throws SessionError `CROSS_SITE`, reported when the request has a cookie, which may be a session's */
function requireOwnPage(manager: SessionManager, origins: OriginPolicy, head: RequestHead): void {
  try {
    origins.require(head);
  } catch (error) {
    const userAgent = head.header('user-agent');
    if (head.header('cookie') !== undefined) manager.reportRefused(error, { ip: head.ip(), userAgent });
    throw error;
  }
}
