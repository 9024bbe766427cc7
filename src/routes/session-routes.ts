import { sessionUnknown } from '../errors/session-error.js';
import { Credentials } from '../requests/credentials.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { problemOf } from '../requests/problem.js';
import type { RequestHead } from '../requests/request-head.js';
import { requireManager } from '../service/require-manager.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { checkOptions } from '../validation/options.js';
import { AccountSessions } from './account-sessions.js';
import { AckRoute } from './ack-route.js';
import { type Answer, answerToError, emptyAnswer, jsonAnswer } from './answer.js';
import { CrossOrigin } from './cross-origin.js';
import { EventRoute, type StreamedApp } from './event-route.js';
import { PollRoute } from './poll-route.js';
import type { PolledApp } from './polled-app.js';
import { routeOptions, type SessionRouteOptions } from './route-options.js';
import { SessionCookie } from './session-cookie.js';
import { sessionOfRequest } from './session-of-request.js';

type Query = { readonly [name: string]: unknown };

/** The route of a request. Polls and streams (`events`) may be held; `answer` answers every other route. */
export type Route =
  | { readonly kind: 'poll' }
  | { readonly kind: 'events' }
  | { readonly kind: 'ack' }
  | { readonly kind: 'preflight' }
  | { readonly kind: 'list' }
  | { readonly kind: 'revoke-others' }
  | { readonly kind: 'revoke'; readonly id: string };

/** A route whose requests are never held. */
export type AnsweredRoute = Exclude<Route, { kind: 'poll' | 'events' }>;

/** `/poll`, `/events`, `/ack` and `/sessions`, shared by the fronts that serve them without a framework. */
export class SessionRoutes {
  readonly app: PolledApp & StreamedApp;
  /** Maximum number of bytes of a stream that may wait when the next text is to be sent; else the client is cut off. */
  readonly mostUnsent: number;
  readonly poll: PollRoute;
  readonly events: EventRoute;
  readonly cookie: SessionCookie;
  readonly crossOrigin: CrossOrigin;
  readonly #prefix: string;
  readonly #manager: SessionManager;
  readonly #credentials: Credentials;
  readonly #origins: OriginPolicy;
  readonly #ack: AckRoute;
  readonly #sessions: AccountSessions;

  /**
   * @param front name of the front that has these options, for the errors
   * @throws SessionError `INVALID_CONTEXT`, `INVALID_ARGUMENT` for a wrong `manager`
   */
  constructor(front: string, manager: SessionManager, options: SessionRouteOptions) {
    const { app, path, secure, trustedOrigins, revokeRequires } = checkOptions({ front, known: routeOptions }, options);
    this.#prefix = path;
    this.#manager = requireManager(manager).inApp(app);
    this.#credentials = new Credentials(front, { secure });
    this.#origins = new OriginPolicy({ secure, trustedOrigins });
    this.#sessions = new AccountSessions(this.#manager, front, revokeRequires);
    this.app = this.#manager;
    this.mostUnsent = manager.context.streamMaxBytes;
    this.poll = new PollRoute(this.#credentials, this.#origins);
    this.events = new EventRoute(this.#credentials, this.#origins);
    this.#ack = new AckRoute(this.#credentials, this.#origins);
    this.cookie = new SessionCookie({ secure });
    this.crossOrigin = new CrossOrigin(this.#origins);
  }

  /**
   * @param path of the request target, as it was sent
   * @returns undefined for a request that is left to the application
   */
  routeOf(request: RequestHead, path: string): Route | undefined {
    if (!path.startsWith(this.#prefix)) return undefined;
    const [name, id, ...rest] = path.slice(this.#prefix.length).split('/');
    if (rest.length > 0 || id === '') return undefined;
    const wanted = this.crossOrigin.preflightMethod(request);
    if (wanted === undefined) return routeTo(request.method, name, id);
    return hasRoute(wanted, name, id) ? { kind: 'preflight' } : undefined;
  }

  /**
   * Answers a request. Never rejects: an error becomes a problem document.
   * @param bodyOf reads the JSON of the request's body, for a route that takes one
   */
  async answer(
    route: AnsweredRoute,
    request: RequestHead,
    query: Query,
    bodyOf: () => Promise<unknown>,
  ): Promise<Answer> {
    try {
      return await this.#answer(route, request, query, bodyOf);
    } catch (error) {
      return answerToError(error);
    }
  }

  async #answer(
    route: AnsweredRoute,
    request: RequestHead,
    query: Query,
    bodyOf: () => Promise<unknown>,
  ): Promise<Answer> {
    if (route.kind === 'preflight') return this.crossOrigin.answerPreflight(request);
    if (route.kind === 'ack') {
      await this.#ack.acknowledge(this.app, request, query, await bodyOf());
      return emptyAnswer();
    }
    const current = await sessionOfRequest(this.#manager, this.#credentials, this.#origins, request);
    switch (route.kind) {
      case 'list':
        return jsonAnswer(await this.#sessions.list(current));
      case 'revoke-others':
        await this.#sessions.revokeOthers(current, query.except);
        return emptyAnswer();
      case 'revoke':
        return this.#revoke(current, route.id);
    }
  }

  async #revoke(current: Session, id: string): Promise<Answer> {
    if (id === 'current' || id === current.id) {
      await current.destroy();
      return emptyAnswer({ 'set-cookie': this.cookie.clear() });
    }
    return (await this.#sessions.revoke(current, id)) ? emptyAnswer() : problemOf(sessionUnknown(), 404);
  }
}

/** Whether there is a route with this method. @param id the part after `name` in the path */
export function hasRoute(method: string, name: string | undefined, id: string | undefined): boolean {
  return routeTo(method, name, id) !== undefined;
}

function routeTo(method: string, name: string | undefined, id: string | undefined): Route | undefined {
  const reads = method === 'GET' || method === 'HEAD';
  if (name === 'poll' && id === undefined && reads) return { kind: 'poll' };
  if (name === 'events' && id === undefined && reads) return { kind: 'events' };
  if (name === 'ack' && id === undefined && method === 'POST') return { kind: 'ack' };
  if (name !== 'sessions') return undefined;
  if (id === undefined && reads) return { kind: 'list' };
  if (method !== 'DELETE') return undefined;
  return id === undefined ? { kind: 'revoke-others' } : { kind: 'revoke', id };
}
