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
  /** Requirements on the login of a session that ends other sessions of its account. Default: none. */
  readonly revokeRequires?: RequiredAuthentication;
}

/** Checked and frozen options for serving sessions over HTTP. */
export class SessionHttpOptions {
  /** The app whose sessions the controllers serve. Default `default`. */
  readonly app: string;
  /** Whether the cookie is `__Host-sid` with `Secure`. Set it if browsers reach the server by HTTPS. Default false. */
  readonly secure: boolean;
  /** Origins of other sites, such as `https://app.example.com`, whose pages may act by cookie. Default none. */
  readonly trustedOrigins: readonly string[];
  /** Requirements on the login of a session that ends other sessions of its account. Default: none. */
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
