import type { Middleware } from '@inversifyjs/http-core';
import { inject, injectable } from 'inversify';
import { OriginPolicy } from '../requests/origin-policy.js';
import { requestHeadOf } from '../requests/request-head.js';
import { CrossOrigin } from '../routes/cross-origin.js';
import { setResponseHeaders } from './response-headers.js';

/**
 * Sets the headers of CORS for a controller that pages of `trustedOrigins` call by bearer token. Use it with
 * `@ApplyMiddleware`. It does not answer preflights.
 */
@injectable()
export class CrossOriginMiddleware implements Middleware<object, object, () => unknown, unknown> {
  readonly #crossOrigin: CrossOrigin;

  constructor(@inject(OriginPolicy) origins: OriginPolicy) {
    this.#crossOrigin = new CrossOrigin(origins);
  }

  execute(request: object, response: object, next: () => unknown): unknown {
    setResponseHeaders(response, this.#crossOrigin.headersFor(requestHeadOf(request)));
    return next();
  }
}
