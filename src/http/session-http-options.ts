import * as v from 'valibot';
import { defaultApp } from '../core/argument-rules.js';
import { quote, SessionError } from '../core/session-error.js';

const fields = v.strictObject({
  app: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)), defaultApp),
  secure: v.optional(v.boolean(), false),
  trustedOrigins: v.optional(v.array(v.pipe(v.string(), v.regex(/^https?:\/\/[^/\s]+$/))), []),
});

/** Options of `sessionHttpModule`; each may be left out. */
export type SessionHttpOptionsInput = v.InferInput<typeof fields>;

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
    const result = v.safeParse(fields, options, { abortEarly: true });
    if (!result.success) {
      const [issue] = result.issues;
      const field = v.getDotPath(issue) ?? 'options';
      const value = quote(issue.path?.[0].value ?? issue.input);
      throw new SessionError('INVALID_CONTEXT', `${field}: ${issue.message}`, { field, rule: issue.message, value });
    }
    this.app = result.output.app;
    this.secure = result.output.secure;
    this.trustedOrigins = new Set(result.output.trustedOrigins);
    Object.freeze(this);
  }
}
