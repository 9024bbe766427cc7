import type { OriginPolicy } from '../requests/origin-policy.js';
import type { RequestHead } from '../requests/request-head.js';
import { type Answer, emptyAnswer } from './answer.js';

/** Seconds for which a browser may cache the answer to a preflight. */
const preflightAge = '7200';

/**
 * CORS, so that pages of `trustedOrigins` may call the routes by bearer token. Credentials are not allowed: the cookie
 * is `SameSite=Lax`, so browsers do not send it with these requests.
 */
export class CrossOrigin {
  readonly #origins: OriginPolicy;

  constructor(origins: OriginPolicy) {
    this.#origins = origins;
  }

  /** Returns the headers for every response, also for an error response, which the page could not read without them. */
  headersFor(request: RequestHead): Readonly<Record<string, string>> {
    if (!this.#origins.hasTrusted) return {};
    const origin = request.header('origin');
    // A cache must not return the answer for one origin to a page of another origin.
    if (origin === undefined || !this.#origins.isTrusted(origin)) return { vary: 'Origin' };
    return {
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'Retry-After, WWW-Authenticate',
    };
  }

  /** Returns the method for which a browser has sent this preflight; `undefined` if the request is no preflight. */
  preflightMethod(request: RequestHead): string | undefined {
    return request.method === 'OPTIONS' ? request.header('access-control-request-method') : undefined;
  }

  /** @throws SessionError `CROSS_SITE` */
  answerPreflight(request: RequestHead): Answer {
    this.#origins.require(request);
    return emptyAnswer({
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'Authorization, Content-Type, Last-Event-ID',
      'access-control-max-age': preflightAge,
    });
  }
}
