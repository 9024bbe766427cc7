import { inject, injectable } from 'inversify';
import type { RequestFace } from '../request/request-face.js';
import { crossSite, isOfHost } from '../request/site.js';
import { SessionHttpOptions } from './session-http-options.js';

/**
 * Refuses requests that another site's page had a browser make (CSRF). Browsers say so themselves, in `Sec-Fetch-Site`
 * or, older ones, in `Origin`; requests with neither are not from a page. Sibling subdomains count as other sites,
 * unless they are trusted: one of them may serve what strangers wrote.
 */
@injectable()
export class CrossSitePolicy {
  readonly #trustedOrigins: ReadonlySet<string>;

  constructor(@inject(SessionHttpOptions) options: SessionHttpOptions) {
    this.#trustedOrigins = options.trustedOrigins;
  }

  /** @throws SessionError `CROSS_SITE` */
  require(request: RequestFace): void {
    const origin = request.header('origin');
    if (origin !== undefined && this.#trustedOrigins.has(origin)) return;
    const site = request.header('sec-fetch-site');
    const isOwn =
      site === undefined
        ? origin === undefined || isOfHost(origin, request.header('host'))
        : site === 'same-origin' || site === 'none';
    if (!isOwn) throw crossSite(origin ?? site);
  }
}
