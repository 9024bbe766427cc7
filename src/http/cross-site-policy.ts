import { inject, injectable } from 'inversify';
import { requireOwnSite } from '../requests/cross-site.js';
import type { RequestFace } from '../requests/request-headers.js';
import { SessionHttpOptions } from './session-http-options.js';

/** Refuses requests that another site's page had a browser make (CSRF), unless the options trust that site. */
@injectable()
export class CrossSitePolicy {
  readonly #trustedOrigins: ReadonlySet<string>;

  constructor(@inject(SessionHttpOptions) options: SessionHttpOptions) {
    this.#trustedOrigins = options.trustedOrigins;
  }

  /** @throws SessionError `CROSS_SITE` */
  require(request: RequestFace): void {
    requireOwnSite(request, this.#trustedOrigins);
  }
}
