import { type OriginOptions, originOptions } from '../requests/origin-policy.js';
import {
  checkRequirement,
  type RequiredAuthentication,
  requirementOption,
} from '../requests/required-authentication.js';
import { appOption } from '../routes/route-options.js';
import { checkOptions } from '../validation/options.js';

const known = {
  app: appOption,
  revokeRequires: requirementOption,
  ...originOptions,
};

/** Options of `sessionHttpModule`. `secure` also makes the cookie `__Host-sid`, with the attribute `Secure`. */
export interface SessionHttpOptionsInput extends OriginOptions {
  /** The app whose sessions the controllers serve. Default `default`. */
  readonly app?: string;
  /** What the login of a session must fulfil that ends other sessions of its account. Default: nothing. */
  readonly revokeRequires?: RequiredAuthentication;
}

/** How sessions are served over HTTP. Frozen and checked. */
export class SessionHttpOptions {
  /** The app whose sessions the controllers serve. Default `default`. */
  readonly app: string;
  /** Use the cookie `__Host-sid` with `Secure`. Set it wherever browsers reach the server by HTTPS. Default false. */
  readonly secure: boolean;
  /** Origins of other sites, such as `https://app.example.com`, whose pages may act by cookie. Default none. */
  readonly trustedOrigins: readonly string[];
  /** What the login of a session must fulfil that ends other sessions of its account. Default: nothing. */
  readonly revokeRequires: RequiredAuthentication | undefined;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: SessionHttpOptionsInput = {}) {
    const front = 'sessionHttpModule';
    const { app, secure, trustedOrigins, revokeRequires } = checkOptions({ front, known }, options);
    this.app = app;
    this.secure = secure;
    this.trustedOrigins = Object.freeze(trustedOrigins);
    this.revokeRequires = revokeRequires && Object.freeze(checkRequirement(`${front} revokeRequires`, revokeRequires));
    Object.freeze(this);
  }
}
