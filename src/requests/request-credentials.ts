import type { IncomingMessage } from 'node:http';
import { invalidArgument, SessionError, sessionUnknown } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { bearerTokenIn } from './bearer-token.js';
import { sessionCookieName, tokenInCookies } from './cookies.js';
import { expressPrefix, sidInCookies } from './signed-cookie.js';

/** How to find the session of someone who logged in through express-session or @fastify/session. */
export interface ExpressSessionOptions {
  /** Such as the `SessionMailboxStore` of `session-mailbox/express-session`. */
  readonly store: { sessionOf(sid: string): Promise<Session | undefined> };
  /** What the cookie is signed with: the `secret` that express-session was given. */
  readonly secret: string | readonly string[];
  /** The `name` that express-session was given. Default `connect.sid`; that of @fastify/session is `sessionId`. */
  readonly cookieName?: string;
  /** What stands before the signed id. Default `s:`; @fastify/session has `''` unless its `cookiePrefix` says otherwise. */
  readonly cookiePrefix?: string;
}

export interface RequestSessionOptions {
  /** The cookie is `__Host-sid`, as where `sessionHttpModule` has `secure`; a cookie `sid` then means nothing. Default false. */
  readonly secure?: boolean;
  /** Default: cookies of express-session mean nothing. */
  readonly expressSession?: ExpressSessionOptions;
}

const cookieName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** By what a request shows whose it is: a bearer header, else our own cookie, else the one of express-session. */
export class RequestCredentials {
  readonly #manager: SessionManager;
  readonly #cookieName: string;
  readonly #expressSession: CheckedExpressSession | undefined;

  /** @throws SessionError `INVALID_ARGUMENT` */
  constructor(manager: SessionManager, { secure = false, expressSession }: RequestSessionOptions) {
    if (typeof secure !== 'boolean') throw invalidArgument('secure', 'must be true or false', secure);
    this.#manager = manager;
    this.#cookieName = sessionCookieName(secure);
    this.#expressSession = expressSession && checked(expressSession);
  }

  /**
   * The session, renewed.
   * @param token a bearer token that did not come by header; it goes before whatever did
   * @throws SessionError `SESSION_UNKNOWN`, `SESSION_CLOSED`, `STORE_UNAVAILABLE`, `STOPPED`
   */
  async authenticate(request: IncomingMessage, token = bearerOf(request)): Promise<Session> {
    // Who says who he is does not mean whoever the browser also remembers.
    if (token !== undefined) return this.#manager.authenticate(token);
    const { cookie } = request.headers;
    const ownToken = tokenInCookies(cookie, this.#cookieName);
    let refusal: SessionError = sessionUnknown();
    if (ownToken !== undefined) {
      try {
        return await this.#manager.authenticate(ownToken);
      } catch (error) {
        // A cookie left over from an old login must not stand in the way of the one that counts.
        if (!isWithoutSession(error)) throw error;
        refusal = error;
      }
    }
    const session = await this.#byExpressSession(cookie);
    if (session === undefined) throw refusal;
    return session;
  }

  async #byExpressSession(cookie: string | undefined): Promise<Session | undefined> {
    if (this.#expressSession === undefined) return undefined;
    const { store, secrets, name, prefix } = this.#expressSession;
    const sid = sidInCookies(cookie, name, prefix, secrets);
    if (sid === undefined) return undefined;
    const session = await store.sessionOf(sid);
    await session?.touch();
    return session;
  }
}

/** The token in the request's `Authorization` header: the one credential that no browser sends by itself. */
export function bearerOf(request: IncomingMessage): string | undefined {
  return bearerTokenIn(request.headers.authorization);
}

/** Whether that is just how a request without a live session is answered. */
export function isWithoutSession(error: unknown): error is SessionError<'SESSION_UNKNOWN' | 'SESSION_CLOSED'> {
  return SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED');
}

interface CheckedExpressSession {
  readonly store: ExpressSessionOptions['store'];
  readonly secrets: readonly string[];
  readonly name: string;
  readonly prefix: string;
}

function checked(options: ExpressSessionOptions): CheckedExpressSession {
  const { store, secret, cookieName: name = 'connect.sid', cookiePrefix: prefix = expressPrefix } = options;
  if (typeof store?.sessionOf !== 'function') {
    throw invalidArgument('expressSession.store', 'must have a method sessionOf', store);
  }
  const secrets: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  // Not quoted: an error may be logged, and a secret must not be.
  if (secrets.length === 0 || !secrets.every(isSecret)) {
    const rule = 'must be a string, or an array of some, none of them empty';
    throw invalidArgument('expressSession.secret', rule, typeof secret);
  }
  if (typeof name !== 'string' || !cookieName.test(name)) {
    throw invalidArgument('expressSession.cookieName', 'must be the name of a cookie', name);
  }
  if (typeof prefix !== 'string') throw invalidArgument('expressSession.cookiePrefix', 'must be a string', prefix);
  return { store, secrets, name, prefix };
}

function isSecret(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
