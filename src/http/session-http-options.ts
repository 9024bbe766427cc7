import * as v from 'valibot';
import { defaultApp } from '../store/session-arguments.js';
import { checkOptions, type OptionsInput, trueOrFalse } from '../validation/options.js';

const known = {
  app: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)), defaultApp),
  secure: v.optional(trueOrFalse(), false),
  trustedOrigins: v.optional(v.array(v.pipe(v.string(), v.regex(/^https?:\/\/[^/\s]+$/))), []),
};

/** Options of `sessionHttpModule`; each may be left out. */
export type SessionHttpOptionsInput = OptionsInput<typeof known>;

/** How sessions travel over HTTP. Frozen, validated here. */
export class SessionHttpOptions {
  /** The app whose sessions the controllers serve. Default `default`. */
  readonly app: string;
  /** Serve the cookie as `__Host-sid` with `Secure`: to be set wherever browsers come by HTTPS. Default false. */
  readonly secure: boolean;
  /** Origins of other sites, such as `https://app.example.com`, whose pages may act by cookie. Default none. */
  readonly trustedOrigins: ReadonlySet<string>;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: SessionHttpOptionsInput = {}) {
    const values = checkOptions({ front: 'sessionHttpModule', known }, options);
    this.app = values.app;
    this.secure = values.secure;
    this.trustedOrigins = new Set(values.trustedOrigins);
    Object.freeze(this);
  }
}
