import type { SessionData } from 'express-session';
import * as v from 'valibot';
import { appPattern, appRule } from '../store/session-arguments.js';
import { longestTimer } from '../time/longest-timer.js';
import {
  callback,
  checkOptions,
  invalidOption,
  nonEmptyText,
  trueOrFalse,
  wholeNumber,
} from '../validation/options.js';
import type { AccountRules, SessionDataCopy } from './account-of.js';

/** Options of `SessionMailboxStore`. */
export interface SessionMailboxStoreOptions {
  /** The key of `req.session` that binds it to an account. Default `accountId`. */
  readonly accountKey?: string;
  /**
   * Function that replaces `accountKey`, for libraries that store the logged-in user in another place. It receives a
   * copy of the session's data and returns the account id, or `undefined` for none. For Passport: `(data) =>
   * data.passport?.user`. The store calls it at every save and load. It must not throw.
   */
  readonly accountOf?: AccountOf;
  /**
   * Whether an account may be bound to a sid that the request came with. Default false: the application must call
   * `req.session.regenerate` before the login, because someone else may have given the client that sid (session
   * fixation).
   */
  readonly allowKeptSid?: boolean;
  /**
   * The app of the visitor sessions: 1 to 64 letters, digits, `_` and `-`; not the manager's app. Default: the
   * manager's app followed by `-visitors`.
   */
  readonly visitorApp?: string;
  /**
   * Milliseconds after a renewal during which a request that changes nothing does not renew the session again. At most
   * half of the session's idle time takes effect. Default 0: every request renews the session.
   */
  readonly touchAfter?: number;
  /** Maximum bytes of JSON in a session. Default 1 048 576. */
  readonly dataMaxBytes?: number;
  /** Number of sids whose session ids this process caches, which saves a round trip. Default 10 000. */
  readonly cacheSize?: number;
  /** Milliseconds between two pings of a store that can't be reached. Default 500. */
  readonly pingInterval?: number;
}

/** Function that returns the account id. Its argument has the fields that `SessionData` of express-session declares. */
export type AccountOf = (data: Partial<Omit<SessionData, 'cookie'>>) => unknown;

export type CheckedStoreOptions = Required<Omit<SessionMailboxStoreOptions, 'accountOf'>> & {
  readonly accountOf: AccountRules['accountOf'];
};

const front = 'SessionMailboxStore';
const accountKeyRule = 'must be a key of req.session other than cookie';

const known = {
  accountKey: v.optional(
    v.pipe(
      nonEmptyText(accountKeyRule),
      v.check((key) => key !== 'cookie', accountKeyRule),
    ),
    'accountId',
  ),
  accountOf: v.optional(callback<(data: SessionDataCopy) => unknown>()),
  allowKeptSid: v.optional(trueOrFalse(), false),
  visitorApp: v.optional(v.pipe(v.string(appRule), v.regex(appPattern, appRule))),
  touchAfter: v.optional(wholeNumber(0, longestTimer), 0),
  dataMaxBytes: v.optional(wholeNumber(1, Number.MAX_SAFE_INTEGER), 1_048_576),
  cacheSize: v.optional(wholeNumber(1, 100_000_000), 10_000),
  pingInterval: v.optional(wholeNumber(1, longestTimer), 500),
};

/**
 * @param app the manager's app
 * @throws SessionError `INVALID_CONTEXT`
 */
export function requireSettings(options: SessionMailboxStoreOptions, app: string): CheckedStoreOptions {
  const settings = checkOptions({ front, known }, options);
  const visitorApp = settings.visitorApp ?? `${app}-visitors`;
  if (visitorApp === app) throw invalidOption(front, 'visitorApp', "must not be the manager's app", visitorApp);
  if (!appPattern.test(visitorApp)) {
    throw invalidOption(front, 'visitorApp', 'must be given, because its default would be too long', visitorApp);
  }
  if (settings.accountOf !== undefined && options.accountKey !== undefined) {
    throw invalidOption(front, 'accountKey', 'must not be given together with accountOf', options.accountKey);
  }
  return { ...settings, visitorApp, accountOf: settings.accountOf };
}
