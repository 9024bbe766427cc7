import * as v from 'valibot';
import { checkOptions, nonEmptyText, type OptionsInput, trueOrFalse } from '../../../validation/options.js';

const known = {
  apiKey: v.optional(nonEmptyText()),
  strictStatus: v.optional(trueOrFalse(), false),
};

/** Options of `restModule`; each may be left out. */
export type RestOptionsInput = OptionsInput<typeof known>;

/** How the service answers, and to whom. Frozen, validated here. */
export class RestOptions {
  /** What back ends must show in the header `X-API-Key`. Default: nothing, everyone who reaches the port is served. */
  readonly apiKey: string | undefined;
  /** Say 400 of a wrong argument and 404 of a missing session, in place of rest-sessions' 500 and 200. Default false. */
  readonly strictStatus: boolean;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: RestOptionsInput = {}) {
    const values = checkOptions({ front: 'restModule', known, secrets: ['apiKey'] }, options);
    this.apiKey = values.apiKey;
    this.strictStatus = values.strictStatus;
    Object.freeze(this);
  }
}
