import { inject, injectable } from 'inversify';
import { sessionUnknown } from '../errors/session-error.js';
import { bearerTokenIn } from '../requests/bearer-token.js';
import type { RequestFace } from '../requests/request-headers.js';
import { CrossSitePolicy } from './cross-site-policy.js';
import { SessionCookie } from './session-cookie.js';

/** Finds the token that a request bears: in `Authorization: Bearer`, else in the cookie. */
@injectable()
export class Bearer {
  readonly #cookie: SessionCookie;
  readonly #crossSite: CrossSitePolicy;

  constructor(@inject(SessionCookie) cookie: SessionCookie, @inject(CrossSitePolicy) crossSite: CrossSitePolicy) {
    this.#cookie = cookie;
    this.#crossSite = crossSite;
  }

  /**
   * @param changesState whether the request does: then a cookie counts only if the request was not made by another
   *   site's page, because browsers send cookies along whoever asks
   * @throws SessionError `SESSION_UNKNOWN` without a token, `CROSS_SITE`
   */
  tokenOf(request: RequestFace, changesState: boolean): string {
    const fromHeader = bearerTokenIn(request.header('authorization'));
    if (fromHeader !== undefined) return fromHeader;
    const fromCookie = this.#cookie.read(request.header('cookie'));
    if (fromCookie === undefined) throw sessionUnknown();
    if (changesState) this.#crossSite.require(request);
    return fromCookie;
  }
}
