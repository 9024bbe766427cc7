import * as v from 'valibot';
import { SessionError, sessionUnknown } from '../errors/session-error.js';
import type { SeenClient } from '../service/client-policy.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { type CheckedOptions, checkOptions, objectWith, trueOrFalse } from '../validation/options.js';
import { sessionCookieName, tokensInCookies } from './cookies.js';
import type { OriginPolicy } from './origin-policy.js';
import type { RequestHead } from './request-head.js';
import { seenClient } from './seen-client.js';
import { expressPrefix, sidInCookies } from './signed-cookie.js';

/** Options for finding the session of a client that logged in through express-session or @fastify/session. */
export interface ExpressSessionOptions {
  /** Store of the sessions, such as the `SessionMailboxStore` of `session-mailbox/express-session`. */
  readonly store: { sessionOf(sid: string): Promise<Session | undefined> };
  /** The `secret` with which express-session signs its cookie. */
  readonly secret: string | readonly string[];
  /** The `name` of express-session. Default `connect.sid`; @fastify/session has `sessionId`. */
  readonly cookieName?: string;
  /**
   * Prefix of the signed id in the cookie. Default `s:`; @fastify/session has `''` unless its `cookiePrefix` is set.
   */
  readonly cookiePrefix?: string;
}

/** Options that determine which credentials of a request are read. */
export interface RequestSessionOptions {
  /**
   * Whether the token's cookie is `__Host-sid`, as in `sessionHttpModule`, and a cookie `sid` is ignored. Default
   * false.
   */
  readonly secure?: boolean;
  /** Accepts cookies of express-session. Default: they are ignored. */
  readonly expressSession?: ExpressSessionOptions;
}

const bearerForm = /^Bearer +([0-9A-Za-z]+) *$/i;
const cookieNameForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const cookieNameRule = 'must be the name of a cookie';
const secretRule = 'must be a string or an array of strings, none of them empty';

const expressSessionOptions = {
  store: objectWith<ExpressSessionOptions['store']>('sessionOf'),
  secret: v.custom<string | readonly string[]>(isSecret, secretRule),
  cookieName: v.optional(v.pipe(v.string(cookieNameRule), v.regex(cookieNameForm, cookieNameRule)), 'connect.sid'),
  cookiePrefix: v.optional(v.string('must be a string'), expressPrefix),
};

/** Schemas of the options. `Credentials` checks the options within `expressSession`. */
export const credentialOptions = {
  secure: v.optional(trueOrFalse(), false),
  expressSession: v.optional(
    v.custom<ExpressSessionOptions>((value) => typeof value === 'object', 'must be an object'),
  ),
};

/** Options whose value an error must not quote, because it may be, or contain, the secret of express-session. */
export const credentialSecrets = ['expressSession'] as const;

export type CheckedCredentialOptions = CheckedOptions<typeof credentialOptions>;

/**
 * Returns the token in the `Authorization` header: the only credential that no browser sends unless a script sets it.
 */
export function bearerTokenOf(request: RequestHead): string | undefined {
  const header = request.header('authorization');
  return header === undefined ? undefined : bearerForm.exec(header)?.[1];
}

/** Maximum number of cookies `sid`. No application sets more, and each of them costs a look-up in the store. */
const mostTokens = 4;

/** The tokens of one request, at least one. */
export type Tokens = readonly [string, ...string[]];

/** The part of the manager that opens a session by its token. */
type Authenticator = Pick<SessionManager, 'authenticate'>;

/**
 * Finds the credential of a request: a token in `Authorization: Bearer`, else in the cookie `sid` or `__Host-sid`, else
 * the signed cookie of express-session. A bearer token overrides any cookie.
 */
export class Credentials {
  readonly #cookieName: '__Host-sid' | 'sid';
  readonly #expressSession: CheckedExpressSession | undefined;

  /**
   * @param front name of the front that takes these options, for the errors
   * @throws SessionError `INVALID_CONTEXT`
   */
  constructor(front: string, { secure, expressSession }: CheckedCredentialOptions) {
    this.#cookieName = sessionCookieName(secure);
    this.#expressSession = expressSession && checkExpressSession(front, expressSession);
  }

  /**
   * Returns the tokens of a request, usually one, without checking them. Several tokens come from cookies `sid` of
   * different domains or paths, and prove nothing until `soleBearer` has chosen one. The cookie of express-session has
   * no token.
   * @param origins refuses a cookie if a page of another site sent the request. Without it, any page may send a cookie
   * @throws SessionError `SESSION_UNKNOWN` without a token, `CROSS_SITE`
   */
  tokensOf(request: RequestHead, origins?: OriginPolicy): Tokens {
    const token = bearerTokenOf(request);
    if (token !== undefined) return [token];
    const [first, ...others] = this.#tokensInCookies(request);
    if (first === undefined) throw sessionUnknown();
    origins?.require(request);
    return [first, ...others];
  }

  /**
   * Returns the bearer that a request shows, refused or not; `undefined` if it shows none. `token` is `undefined` for
   * several tokens, and for the cookie of express-session.
   */
  shownBy(request: RequestHead): { readonly token: string | undefined } | undefined {
    const bearer = bearerTokenOf(request);
    const cookie = request.header('cookie');
    const [first, second] = bearer === undefined ? tokensInCookies(cookie, this.#cookieName) : [bearer];
    if (first === undefined) return this.#sidIn(cookie) === undefined ? undefined : { token: undefined };
    return { token: second === undefined ? first : undefined };
  }

  /**
   * Whether the credential of a request is a cookie. Browsers also send cookies if a page of another site makes the
   * request.
   */
  isCookie(request: RequestHead): boolean {
    return bearerTokenOf(request) === undefined;
  }

  /**
   * Returns the session of a request, and renews it.
   * @throws SessionError `SESSION_UNKNOWN`, `SESSION_CLOSED`, `STORE_UNAVAILABLE`, `STOPPED`
   */
  async sessionOf(manager: SessionManager, request: RequestHead): Promise<Session> {
    const bearer = bearerTokenOf(request);
    const client = seenClient(manager, request);
    if (bearer !== undefined) return manager.authenticate(bearer, client);
    const [token, ...others] = this.#tokensInCookies(request);
    let refusal: SessionError = sessionUnknown();
    if (token !== undefined) {
      try {
        return (await soleBearer(manager, [token, ...others], client)).session;
      } catch (error) {
        // A cookie of an earlier login must not hide a valid cookie of express-session.
        if (!isWithoutSession(error)) throw error;
        refusal = error;
      }
    }
    const session = await this.#byExpressSession(request.header('cookie'));
    if (session === undefined) throw refusal;
    return session;
  }

  /**
   * Returns no token if there are too many. A browser sends at most one cookie `__Host-sid`, so a second one is forged.
   * Every subdomain can set cookies `sid`: if there are more than four, the first four may all be an attacker's.
   */
  #tokensInCookies(request: RequestHead): readonly string[] {
    const tokens = tokensInCookies(request.header('cookie'), this.#cookieName);
    return tokens.length > (this.#cookieName === '__Host-sid' ? 1 : mostTokens) ? [] : tokens;
  }

  async #byExpressSession(cookie: string | undefined): Promise<Session | undefined> {
    const sid = this.#sidIn(cookie);
    if (this.#expressSession === undefined || sid === undefined) return undefined;
    const session = await this.#expressSession.store.sessionOf(sid);
    await session?.touch();
    return session;
  }

  #sidIn(cookie: string | undefined): string | undefined {
    if (this.#expressSession === undefined) return undefined;
    const { secrets, cookieName, cookiePrefix } = this.#expressSession;
    return sidInCookies(cookie, cookieName, cookiePrefix, secrets);
  }
}

/**
 * Returns the only live session that these tokens open, and its token. Throws if several sessions are live: one may be
 * an attacker's, and the user would act as the attacker. Renews the session of each valid token.
 * @param client the sender of the tokens, if clients are compared
 * @throws SessionError `SESSION_UNKNOWN`, `SESSION_CLOSED`, `STORE_UNAVAILABLE`, `STOPPED`
 */
export async function soleBearer(
  manager: Authenticator,
  tokens: Tokens,
  client?: SeenClient,
): Promise<{ readonly token: string; readonly session: Session }> {
  const [first, ...others] = tokens;
  if (others.length === 0) return { token: first, session: await manager.authenticate(first, client) };
  let refusal: SessionError = sessionUnknown();
  const live: { readonly token: string; readonly session: Session }[] = [];
  for (const token of tokens) {
    try {
      live.push({ token, session: await manager.authenticate(token, client) });
    } catch (error) {
      if (!isWithoutSession(error)) throw error;
      if (SessionError.is(error, 'SESSION_CLOSED') || isRotated(error)) refusal = error;
    }
  }
  const [only, second] = live;
  if (second !== undefined) throw sessionUnknown();
  if (only === undefined) throw refusal;
  return only;
}

function isRotated(error: SessionError): boolean {
  return SessionError.is(error, 'SESSION_UNKNOWN') && error.details.refused === 'rotated';
}

/** Whether the error only says that a request has no live session. */
export function isWithoutSession(error: unknown): error is SessionError<'SESSION_UNKNOWN' | 'SESSION_CLOSED'> {
  return SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED');
}

interface CheckedExpressSession {
  readonly store: ExpressSessionOptions['store'];
  readonly secrets: readonly string[];
  readonly cookieName: string;
  readonly cookiePrefix: string;
}

function checkExpressSession(front: string, options: ExpressSessionOptions): CheckedExpressSession {
  const rules = {
    front: `${front} expressSession`,
    known: expressSessionOptions,
    secrets: ['store', 'secret'] as const,
  };
  const { store, secret, cookieName, cookiePrefix } = checkOptions(rules, options);
  return { store, secrets: typeof secret === 'string' ? [secret] : secret, cookieName, cookiePrefix };
}

function isSecret(value: unknown): boolean {
  const secrets: readonly unknown[] = Array.isArray(value) ? value : [value];
  return secrets.length > 0 && secrets.every((each) => typeof each === 'string' && each !== '');
}
