import * as v from 'valibot';
import { hostNames } from '../../../requests/host-policy.js';
import { checkOptions, nonEmptyText, type OptionsInput, trueOrFalse } from '../../../validation/options.js';

const known = {
  apiKey: v.optional(nonEmptyText()),
  strictStatus: v.optional(trueOrFalse(), false),
  hosts: v.optional(hostNames),
};

/** Options of `restModule`; each may be left out. */
export type RestOptionsInput = OptionsInput<typeof known>;

/** The checked options of `restModule`. Frozen. */
export class RestOptions {
  /** Key that requests must show in the header `X-API-Key`. Default: none, every request is served. */
  readonly apiKey: string | undefined;
  /** Answer 400, 404, 409 and 503 where rest-sessions answers 500 or 200. Default false. */
  readonly strictStatus: boolean;
  /**
   * Names that a request may give in `Host`, beside those of the loopback interface; any others are refused with 403.
   * Default: every name is taken.
   */
  readonly hosts: readonly string[] | undefined;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: RestOptionsInput = {}) {
    const values = checkOptions({ front: 'restModule', known, secrets: ['apiKey'] }, options);
    this.apiKey = values.apiKey;
    this.strictStatus = values.strictStatus;
    this.hosts = values.hosts && Object.freeze(values.hosts);
    Object.freeze(this);
  }
}
