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

/** Options of `restModule`. All are optional. */
export type RestOptionsInput = OptionsInput<typeof known>;

/** The checked options of `restModule`. Frozen. */
export class RestOptions {
  /** Key that requests must send in the header `X-API-Key`. Default: no key, so that every request is served. */
  readonly apiKey: string | undefined;
  /** Whether to answer 400, 404, 409 and 503 where rest-sessions answers 500 or 200. Default false. */
  readonly strictStatus: boolean;
  /**
   * Names that a request may send in `Host`, in addition to the names of the loopback interface. Requests with any
   * other name are refused with 403. Default: every name is accepted.
   */
  readonly hosts: readonly string[] | undefined;
  /** Maximum number of unanswered requests of one connection. One more request ends the connection. Default 100. */
  readonly maxUnanswered: number;
  /** Milliseconds that a client may take to send a request. Default 30 000. */
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
