import type { Tokens } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import { reportRefusal } from '../requests/refusals.js';
import type { RequestHead } from '../requests/request-head.js';
import type { SessionManager } from '../service/session-manager.js';

/** Finds the credentials of the requests of a front; see `Credentials`. */
export interface RouteCredentials {
  /** @throws SessionError `SESSION_UNKNOWN` without a token, `CROSS_SITE` */
  tokensOf(request: RequestHead, origins: OriginPolicy): Tokens;
  /** Returns the bearer that is reported if the request is refused; `undefined` if the request shows no bearer. */
  shownBy(request: RequestHead): { readonly token: string | undefined } | undefined;
  /** Whether the browser adds the credential by itself, also when a page of another site made the request. */
  isCookie(request: RequestHead): boolean;
}

/**
 * Returns the tokens of a request. Refuses a request that a page of another site sent by cookie. If the request shows a
 * bearer, a refusal is reported.
 * @throws SessionError `SESSION_UNKNOWN` without a token, `CROSS_SITE`
 */
export function provenTokens(
  credentials: RouteCredentials,
  origins: OriginPolicy,
  request: RequestHead,
  appOf: () => Pick<SessionManager, 'reportRefused'>,
): Tokens {
  try {
    return credentials.tokensOf(request, origins);
  } catch (error) {
    if (credentials.shownBy(request) !== undefined) reportRefusal(appOf(), credentials, request, error);
    throw error;
  }
}
