import { requestHeadOf } from '../requests/request-head.js';
import { queryOfTarget, requestTarget } from '../requests/request-target.js';
import { type Answer, answerToError } from '../routes/answer.js';
import { jsonBodyOf } from '../routes/json-body.js';
import type { SessionRouteOptions } from '../routes/route-options.js';
import { SessionRoutes } from '../routes/session-routes.js';
import type { IssuedSession } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { FetchPoll } from './fetch-poll.js';
import { FetchStream } from './fetch-stream.js';

/** Serves `/poll`, `/events`, `/ack` and `/sessions` where requests and responses are those of the Fetch standard. */
export interface SessionFetchHandler {
  /** Answers the request, with 404 if it is for none of the routes. Never rejects. */
  (request: Request): Promise<Response>;
  /** Whether the request is for one of the routes. */
  serves(request: Request): boolean;
  /** Sets the cookie of a login in the headers of a response. */
  login(headers: Headers, session: IssuedSession): void;
  /** Deletes the cookie, in the headers of a response. It closes no session. */
  logout(headers: Headers): void;
}

/** @throws SessionError `INVALID_CONTEXT` for options, `INVALID_ARGUMENT` for a wrong `manager` */
export function sessionFetchHandler(manager: SessionManager, options: SessionRouteOptions = {}): SessionFetchHandler {
  const routes = new SessionRoutes('sessionFetchHandler', manager, options);
  const routeOf = (request: Request) => routes.routeOf(requestHeadOf(request), requestTarget(request.url).path);
  return Object.assign((request: Request) => handle(routes, request), {
    serves: (request: Request) => routeOf(request) !== undefined,
    login: (headers: Headers, session: IssuedSession) => headers.append('set-cookie', routes.cookie.set(session)),
    logout: (headers: Headers) => headers.append('set-cookie', routes.cookie.clear()),
  });
}

async function handle(routes: SessionRoutes, request: Request): Promise<Response> {
  const head = requestHeadOf(request);
  const route = routes.routeOf(head, requestTarget(request.url).path);
  if (route === undefined) return new Response('Not Found', { status: 404 });
  const query = queryOfTarget(request.url);
  const headers = routes.crossOrigin.headersFor(head);
  const { signal } = request;
  try {
    if (route.kind === 'poll') {
      const poll = routes.poll.accept(head, query, () => routes.app);
      return await new FetchPoll(headers).answer((receiver) => poll.start(receiver), signal);
    }
    if (route.kind === 'events') {
      const stream = routes.events.accept(head, query, routes.app);
      return await new FetchStream(headers, routes.mostUnsent).open((receiver) => stream.start(receiver), signal);
    }
  } catch (error) {
    return responseOf(answerToError(error), headers);
  }
  return responseOf(await routes.answer(route, head, query, () => jsonBodyOf(request)), headers);
}

function responseOf({ status, headers, body }: Answer, others: Readonly<Record<string, string>>): Response {
  return new Response(status === 204 ? null : body, { status, headers: { ...headers, ...others } });
}
