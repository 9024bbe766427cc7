import { type OriginOptions, originOptions } from '../requests/origin-policy.js';
import { appOption } from '../routes/route-options.js';
import { checkOptions } from '../validation/options.js';

const known = {
  app: appOption,
  ...originOptions,
};

/** Options of `sessionHttpModule`. `secure` also makes the cookie `__Host-sid`, with the attribute `Secure`. */
export interface SessionHttpOptionsInput extends OriginOptions {
  /** The app whose sessions the controllers serve. Default `default`. */
  readonly app?: string;
}

/** How sessions are served over HTTP. Frozen and checked. */
export class SessionHttpOptions {
  /** The app whose sessions the controllers serve. Default `default`. */
  readonly app: string;
  /** Use the cookie `__Host-sid` with `Secure`. Set it wherever browsers reach the server by HTTPS. Default false. */
  readonly secure: boolean;
  /** Origins of other sites, such as `https://app.example.com`, whose pages may act by cookie. Default none. */
  readonly trustedOrigins: readonly string[];

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: SessionHttpOptionsInput = {}) {
    const { app, secure, trustedOrigins } = checkOptions({ front: 'sessionHttpModule', known }, options);
    this.app = app;
    this.secure = secure;
    this.trustedOrigins = Object.freeze(trustedOrigins);
    Object.freeze(this);
  }
}
