import type { Tokens } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import { reportRefusal } from '../requests/refusals.js';
import type { RequestHead } from '../requests/request-head.js';
import type { SessionManager } from '../service/session-manager.js';

/** By what the requests of a front prove whose they are, such as `Credentials`. */
export interface RouteCredentials {
  /** @throws SessionError `SESSION_UNKNOWN` without a token, `CROSS_SITE` */
  tokensOf(request: RequestHead, origins: OriginPolicy): Tokens;
  /** What is told of the request when it is refused; `undefined` when it shows no bearer. */
  shownBy(request: RequestHead): { readonly token: string | undefined } | undefined;
  /** Whether the browser adds the credential by itself, also when a page of another site made the request. */
  isCookie(request: RequestHead): boolean;
}

/**
 * The tokens of a request that no page of another site sent by cookie. A page that did is reported.
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
