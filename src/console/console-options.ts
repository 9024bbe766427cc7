import * as v from 'valibot';
import { type OriginOptions, originOptions } from '../requests/origin-policy.js';
import { appOption } from '../routes/route-options.js';
import { callback, checkOptions } from '../validation/options.js';

/**
 * The application's own check of who may use the console. The console calls it for each of its requests, with the request
 * object of the framework. It returns the operator's name, 1 to 256 characters, for the audit. If it returns `undefined` or
 * throws, the console refuses the request.
 */
export type ConsoleGuard<Incoming extends object = object> = (
  request: Incoming,
) => string | undefined | Promise<string | undefined>;

/** Options of the console, for each front. */
export interface ConsoleOptions<Incoming extends object = object> extends OriginOptions {
  /** Decides who may use the console. Required: the console is never open by default. */
  readonly guard: ConsoleGuard<Incoming>;
  /** The app whose sessions are shown. Default `default`. */
  readonly app?: string;
  /** Path of the console. Default `/console/`. */
  readonly path?: string;
}

const pathRule =
  'must begin and end with a slash, and have only letters, digits, ., _, - and / between, such as /admin/console/';
const known = {
  guard: callback<ConsoleGuard<never>>(),
  app: appOption,
  path: v.optional(v.pipe(v.string(pathRule), v.regex(/^\/(?:[A-Za-z0-9._-]+\/)+$/, pathRule)), '/console/'),
  ...originOptions,
};

export interface CheckedConsoleOptions<Incoming extends object = object> {
  readonly guard: ConsoleGuard<Incoming>;
  readonly app: string;
  readonly path: string;
  readonly secure: boolean;
  readonly trustedOrigins: readonly string[];
}

/**
 * @param front name of the function that takes the options, for the error
 * @throws SessionError `INVALID_CONTEXT`
 */
export function checkConsoleOptions<Incoming extends object>(
  front: string,
  options: ConsoleOptions<Incoming>,
): CheckedConsoleOptions<Incoming> {
  const { app, path, secure, trustedOrigins } = checkOptions({ front, known }, options);
  return { guard: options.guard, app, path, secure, trustedOrigins };
}
