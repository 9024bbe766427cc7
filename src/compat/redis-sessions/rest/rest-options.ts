import * as v from 'valibot';
import { hostNames } from '../../../requests/host-policy.js';
import { mostUnanswered } from '../../../requests/unanswered-requests.js';
import {
  checkOptions,
  nonEmptyText,
  type OptionsInput,
  trueOrFalse,
  wholeNumber,
} from '../../../validation/options.js';

const known = {
  apiKey: v.optional(nonEmptyText()),
  strictStatus: v.optional(trueOrFalse(), false),
  hosts: v.optional(hostNames),
  maxUnanswered: v.optional(wholeNumber(1, 10_000), mostUnanswered),
  requestTimeout: v.optional(wholeNumber(100, 3_600_000), 30_000),
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
  /** Requests of one connection that may be unanswered at a time; one more ends the connection. Default 100. */
  readonly maxUnanswered: number;
  /** How long a client may take to send a request, in milliseconds. Default 30 000. */
  readonly requestTimeout: number;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: RestOptionsInput = {}) {
    const values = checkOptions({ front: 'restModule', known, secrets: ['apiKey'] }, options);
    this.apiKey = values.apiKey;
    this.strictStatus = values.strictStatus;
    this.hosts = values.hosts && Object.freeze(values.hosts);
    this.maxUnanswered = values.maxUnanswered;
    this.requestTimeout = values.requestTimeout;
    Object.freeze(this);
  }
}
