import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { RawResponse } from '../requests/raw-response.js';
import { requestHeadOf } from '../requests/request-head.js';
import { queryOfTarget, requestTarget } from '../requests/request-target.js';
import { holdPoll, holdStream } from '../routes/hold.js';
import { jsonBodyOf } from '../routes/json-body.js';
import type { SessionRouteOptions } from '../routes/route-options.js';
import { appendCookie, sendAnswer, setHeaders } from '../routes/send-answer.js';
import { SessionRoutes } from '../routes/session-routes.js';
import type { IssuedSession } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';

type NodeRequest = IncomingMessage | Http2ServerRequest;

/**
 * Serves `/poll`, `/events`, `/ack` and `/sessions` on a server of `node:http` or `node:http2`, and in Express or
 * Connect.
 */
export interface SessionHandler {
  /**
   * Answers the request, or holds it, if it is for one of the routes. Never throws.
   * @returns false for any other request, which stays untouched
   */
  (request: NodeRequest, response: RawResponse): boolean;
  /** Sets the cookie of a login on a response that was not sent yet. */
  login(response: RawResponse, session: IssuedSession): void;
  /** Deletes the cookie, on a response that was not sent yet. It closes no session. */
  logout(response: RawResponse): void;
}

/** @throws SessionError `INVALID_CONTEXT` for options, `INVALID_ARGUMENT` for a wrong `manager` */
export function sessionHandler(manager: SessionManager, options: SessionRouteOptions = {}): SessionHandler {
  const routes = new SessionRoutes('sessionHandler', manager, options);
  return Object.assign((request: NodeRequest, response: RawResponse) => handle(routes, request, response), {
    login: (response: RawResponse, session: IssuedSession) => appendCookie(response, routes.cookie.set(session)),
    logout: (response: RawResponse) => appendCookie(response, routes.cookie.clear()),
  });
}

function handle(routes: SessionRoutes, request: NodeRequest, raw: RawResponse): boolean {
  const head = requestHeadOf(request);
  const route = routes.routeOf(head, requestTarget(request.url).path);
  if (route === undefined) return false;
  const query = queryOfTarget(request.url);
  // Set the headers before the poll is held, so that an error response has them, too.
  if (!setHeaders(raw, routes.crossOrigin.headersFor(head))) return true;
  const { app, poll, events, mostUnsent } = routes;
  if (route.kind === 'poll') holdPoll(raw, () => poll.accept(head, query, () => app));
  else if (route.kind === 'events') holdStream(raw, mostUnsent, () => events.accept(head, query, app));
  else void routes.answer(route, head, query, () => jsonBodyOf(request)).then((answer) => sendAnswer(raw, answer));
  return true;
}
