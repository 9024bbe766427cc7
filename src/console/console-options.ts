import * as v from 'valibot';
import { type OriginOptions, originOptions } from '../requests/origin-policy.js';
import { appOption } from '../routes/route-options.js';
import { callback, checkOptions } from '../validation/options.js';

/**
 * The application's own check of who may use the console. Called for every request of it, with the request of the framework.
 * Returns the operator's name, 1 to 256 characters, for the audit; `undefined` refuses the request. What it throws refuses the
 * request too.
 */
export type ConsoleGuard<Incoming extends object = object> = (
  request: Incoming,
) => string | undefined | Promise<string | undefined>;

/** Options of the console, for each front. */
export interface ConsoleOptions<Incoming extends object = object> extends OriginOptions {
  /** Who may use the console. It must be given: the console is never open by default. */
  readonly guard: ConsoleGuard<Incoming>;
  /** The app whose sessions are shown. Default `default`. */
  readonly app?: string;
  /** Where the console is served. Default `/console/`. */
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
 * @param front whose options these are, for the error
 * @throws SessionError `INVALID_CONTEXT`
 */
export function checkConsoleOptions<Incoming extends object>(
  front: string,
  options: ConsoleOptions<Incoming>,
): CheckedConsoleOptions<Incoming> {
  const { app, path, secure, trustedOrigins } = checkOptions({ front, known }, options);
  return { guard: options.guard, app, path, secure, trustedOrigins };
}
