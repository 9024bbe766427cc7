import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { HeldResponse } from '../requests/held-response.js';
import { HeldStream } from '../requests/held-stream.js';
import type { RawResponse } from '../requests/raw-response.js';
import { type RequestHead, requestHeadOf } from '../requests/request-head.js';
import { queryOfTarget, requestTarget } from '../requests/request-target.js';
import { jsonBodyOf } from '../routes/json-body.js';
import type { SessionRouteOptions } from '../routes/route-options.js';
import { SessionRoutes } from '../routes/session-routes.js';
import type { IssuedSession } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { appendCookie, sendAnswer, setHeaders } from './send-answer.js';

type NodeRequest = IncomingMessage | Http2ServerRequest;

/** Serves `/poll`, `/events`, `/ack` and `/sessions` on a server of `node:http` or `node:http2`, and in Express or Connect. */
export interface SessionHandler {
  /**
   * Answers the request, or holds it, if it is for one of the routes. Never throws.
   * @returns false for any other request, which is untouched then
   */
  (request: NodeRequest, response: RawResponse): boolean;
  /** Sets the cookie of a login on a response that was not sent yet. */
  login(response: RawResponse, session: IssuedSession): void;
  /** Deletes the cookie, on a response that was not sent yet. It closes no session. */
  logout(response: RawResponse): void;
}

/** @throws SessionError `INVALID_CONTEXT` */
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
  // Now, so that every answer has them, also that of a poll which fails much later.
  if (!setHeaders(raw, routes.crossOrigin.headersFor(head))) return true;
  if (route.kind === 'poll') holdPoll(routes, head, query, raw);
  else if (route.kind === 'events') holdStream(routes, head, query, raw);
  else void routes.answer(route, head, query, () => jsonBodyOf(request)).then((answer) => sendAnswer(raw, answer));
  return true;
}

function holdPoll(
  routes: SessionRoutes,
  head: RequestHead,
  query: { readonly [name: string]: unknown },
  raw: RawResponse,
): void {
  const response = new HeldResponse(raw);
  try {
    const poll = routes.poll.accept(head, query);
    response.onceClosed(poll.start(routes.app, response));
  } catch (error) {
    response.fail(error);
  }
}

function holdStream(
  routes: SessionRoutes,
  head: RequestHead,
  query: { readonly [name: string]: unknown },
  raw: RawResponse,
): void {
  const response = new HeldStream(raw, routes.mostUnsent);
  try {
    const stream = routes.events.accept(head, query);
    response.onceClosed(stream.start(routes.app, response));
  } catch (error) {
    response.fail(error);
  }
}
