import * as v from 'valibot';
import { checkOptions, nonEmptyText, type OptionsInput, trueOrFalse } from '../../../validation/options.js';

const known = {
  apiKey: v.optional(nonEmptyText()),
  strictStatus: v.optional(trueOrFalse(), false),
};

/** Options of `restModule`; each may be left out. */
export type RestOptionsInput = OptionsInput<typeof known>;

/** The checked options of `restModule`. Frozen. */
export class RestOptions {
  /** Key that requests must show in the header `X-API-Key`. Default: none, every request is served. */
  readonly apiKey: string | undefined;
  /** Answer 400, 404, 409 and 503 where rest-sessions answers 500 or 200. Default false. */
  readonly strictStatus: boolean;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: RestOptionsInput = {}) {
    const values = checkOptions({ front: 'restModule', known, secrets: ['apiKey'] }, options);
    this.apiKey = values.apiKey;
    this.strictStatus = values.strictStatus;
    Object.freeze(this);
  }
}
