import * as v from 'valibot';
import { quote, SessionError } from '../core/session-error.js';

const fields = v.strictObject({
  apiKey: v.optional(v.pipe(v.string(), v.nonEmpty())),
  strictStatus: v.optional(v.boolean(), false),
});

/** Options of `restModule`; each may be left out. */
export type RestOptionsInput = v.InferInput<typeof fields>;

/** How the service answers, and to whom. Frozen, validated here. */
export class RestOptions {
  /** What back ends must show in the header `X-API-Key`. Default: nothing, everyone who reaches the port is served. */
  readonly apiKey: string | undefined;
  /** Say 400 of a wrong argument and 404 of a missing session, in place of rest-sessions' 500 and 200. Default false. */
  readonly strictStatus: boolean;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: RestOptionsInput = {}) {
    const result = v.safeParse(fields, options, { abortEarly: true });
    if (!result.success) {
      const [issue] = result.issues;
      const field = v.getDotPath(issue) ?? 'options';
      // The value is not told: it may be a key.
      const value = quote(typeof issue.input);
      throw new SessionError('INVALID_CONTEXT', `${field}: ${issue.message}`, { field, rule: issue.message, value });
    }
    this.apiKey = result.output.apiKey;
    this.strictStatus = result.output.strictStatus;
    Object.freeze(this);
  }
}
