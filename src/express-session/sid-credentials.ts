import { SessionError } from '../errors/session-error.js';
import type { Tokens } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import type { RequestHead } from '../requests/request-head.js';
import type { RouteCredentials } from '../routes/route-credentials.js';

/** The sid of one request that express-session has handled. It comes from a cookie or is new. */
export class SidCredentials implements RouteCredentials {
  readonly #sid: string | undefined;

  /** @param sid `undefined` if express-session has passed the request on without a session */
  constructor(sid: string | undefined) {
    this.#sid = sid;
  }

  /** @throws SessionError `STORE_UNAVAILABLE` without a sid, `CROSS_SITE` */
  tokensOf(request: RequestHead, origins: OriginPolicy): Tokens {
    origins.require(request);
    // While its store can't be reached, express-session passes requests on without a session.
    if (this.#sid === undefined) {
      throw new SessionError('STORE_UNAVAILABLE', 'express-session has given this request no session', {});
    }
    return [this.#sid];
  }

  /**
   * Returns `undefined` for a request without a cookie, which has a new sid. Any other request may show a session's
   * cookie.
   */
  shownBy(request: RequestHead): { readonly token: undefined } | undefined {
    return request.header('cookie') === undefined ? undefined : { token: undefined };
  }

  isCookie(): boolean {
    return true;
  }
}
