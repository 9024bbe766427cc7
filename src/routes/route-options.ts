import * as v from 'valibot';
import { type OriginOptions, originOptions } from '../requests/origin-policy.js';
import { type RequiredAuthentication, requirementOption } from '../requests/required-authentication.js';
import { appPattern, appRule, defaultApp } from '../store/session-arguments.js';

const pathRule = 'must begin and end with a slash, and have no query, such as /api/';

export const appOption = v.optional(v.pipe(v.string(appRule), v.regex(appPattern, appRule)), defaultApp);

/**
 * Options of a front that serves the routes without a framework. `secure` also makes the cookie `__Host-sid`, with
 * `Secure`.
 */
export interface SessionRouteOptions extends OriginOptions {
  /** The app whose sessions are served. Default `default`. */
  readonly app?: string;
  /** Prefix of `poll`, `events`, `ack` and `sessions` in the paths, such as `/api/`. Default `/`. */
  readonly path?: string;
  /** Requirements on the login of a session that ends other sessions of its account. Default: none. */
  readonly revokeRequires?: RequiredAuthentication;
}

export const routeOptions = {
  app: appOption,
  path: v.optional(v.pipe(v.string(pathRule), v.regex(/^\/(?:[^/?#\s]+\/)*$/, pathRule)), '/'),
  revokeRequires: requirementOption,
  ...originOptions,
};
