import { invalidArgument } from '../errors/session-error.js';
import { requireWholeNumber } from '../validation/argument-rules.js';

export interface SessionMailboxStoreOptions {
  /** The key of `req.session` that binds it to an account. Default `accountId`. */
  readonly accountKey?: string;
  /** The app of the visitor sessions: 1 to 64 letters, digits, `_` and `-`. Default: the manager's and `-visitors`. */
  readonly visitorApp?: string;
  /**
   * Milliseconds in which a session that was just renewed is not renewed again by a request that changed nothing; at
   * most half its idle time. Default 0: each request renews.
   */
  readonly touchAfter?: number;
  /** Bytes of JSON that a session may hold. Default 1 MiB. */
  readonly dataMaxBytes?: number;
  /** Sids that this process remembers the sessions of, which saves a round trip. Default 10 000. */
  readonly cacheSize?: number;
  /** Milliseconds between two looks whether a store that was away is back. Default 500. */
  readonly pingInterval?: number;
}

export type StoreSettings = Required<SessionMailboxStoreOptions>;

const longestTimer = 2_147_483_647;

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireSettings(options: SessionMailboxStoreOptions, app: string): StoreSettings {
  const { accountKey = 'accountId', visitorApp = `${app}-visitors` } = options;
  const { touchAfter = 0, dataMaxBytes = 1_048_576, cacheSize = 10_000, pingInterval = 500 } = options;
  if (typeof accountKey !== 'string' || accountKey === '' || accountKey === 'cookie') {
    throw invalidArgument('accountKey', 'must be a key of req.session, and not cookie', accountKey);
  }
  return {
    accountKey,
    visitorApp,
    touchAfter: requireWholeNumber('touchAfter', touchAfter, 0, longestTimer),
    dataMaxBytes: requireWholeNumber('dataMaxBytes', dataMaxBytes, 1, Number.MAX_SAFE_INTEGER),
    cacheSize: requireWholeNumber('cacheSize', cacheSize, 1, 100_000_000),
    pingInterval: requireWholeNumber('pingInterval', pingInterval, 1, longestTimer),
  };
}
