import * as v from 'valibot';
import type { HostPolicy } from '../requests/host-policy.js';
import { type OriginOptions, originOptions } from '../requests/origin-policy.js';
import { appOption } from '../routes/route-options.js';
import { callback, objectWith, trueOrFalse } from '../validation/options.js';

/** What is told of a request that the lane has answered, or whose client left before. */
export interface LaneRequest {
  /** As the client sent it: the path with the query. */
  readonly url: string;
  /** Address of the other end of the connection: of the proxy, where there is one. */
  readonly ip: string;
  /** Of the answer; `undefined` when the client left before. */
  readonly status: number | undefined;
  /** From the arrival of the request until its answer, in milliseconds. */
  readonly duration: number;
}

export interface FastLaneOptions extends OriginOptions {
  /** The app whose polls are served. Default `default`. */
  readonly app?: string;
  /** The path of the polls. Default `/poll`. */
  readonly path?: string;
  /** Called with each request of the lane once it is over. An exception is reported as a process warning. */
  readonly onRequest?: (request: LaneRequest) => void;
  /** Polls that it refuses go to `node:http`, where the application refuses them. Default: the lane takes polls for any host. */
  readonly hostPolicy?: Pick<HostPolicy, 'require'>;
  /** Whether a connection comes back to the lane after `node:http` has answered a request of it. Default true. */
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
