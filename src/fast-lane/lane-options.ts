import * as v from 'valibot';
import type { HostPolicy } from '../requests/host-policy.js';
import { type OriginOptions, originOptions } from '../requests/origin-policy.js';
import { appOption } from '../routes/route-options.js';
import { callback, objectWith, trueOrFalse } from '../validation/options.js';

/** The report of a request that the lane has answered, or whose client disconnected before. */
export interface LaneRequest {
  /** The path with the query, as the client sent it. */
  readonly url: string;
  /** Address of the other end of the connection: the proxy's, if there is one. */
  readonly ip: string;
  /** Status of the answer; `undefined` if the client disconnected before. */
  readonly status: number | undefined;
  /** Milliseconds from the arrival of the request to its answer. */
  readonly duration: number;
}

export interface FastLaneOptions extends OriginOptions {
  /** The app whose polls are served. Default `default`. */
  readonly app?: string;
  /** The path of the polls. Default `/poll`. */
  readonly path?: string;
  /** Called with each request of the lane once the request has ended. An exception is reported as a process warning. */
  readonly onRequest?: (request: LaneRequest) => void;
  /**
   * Checks the host of a poll. A refused poll goes to `node:http`, where the application refuses it. Default: any host.
   */
  readonly hostPolicy?: Pick<HostPolicy, 'require'>;
  /** Whether a connection returns to the lane after `node:http` has answered one of its requests. Default true. */
  readonly returns?: boolean;
}

const pathRule = 'must be a path such as /api/poll, of letters, digits and - . _ ~ / alone';

export const laneOptions = {
  app: appOption,
  path: v.optional(v.pipe(v.string(pathRule), v.regex(/^\/[A-Za-z0-9\-._~/]*$/, pathRule)), '/poll'),
  onRequest: v.optional(callback<(request: LaneRequest) => void>()),
  hostPolicy: v.optional(objectWith<Pick<HostPolicy, 'require'>>('require')),
  returns: v.optional(trueOrFalse(), true),
  ...originOptions,
};
