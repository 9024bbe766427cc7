import type { RedisOptions } from 'ioredis';
import type { SessionContextOptions } from '../../../context/session-context.js';
import type { SessionManager } from '../../../service/session-manager.js';

/** The value of one key of `d`. */
export type Scalar = string | number | boolean;

/** The default shape of `d`. */
export type SessionData = Record<string, Scalar>;

/** Keys that can be deleted: optional keys, or any key if the shape names no keys. */
type DeletableKey<Data> = {
  [Key in keyof Data]-?: string extends Key ? Key : Record<never, never> extends Pick<Data, Key> ? Key : never;
}[keyof Data];

/** `d` of `set`: any of the keys. `null` deletes an optional key. */
export type DataPatch<Data> = {
  [Key in keyof Data]?: Key extends DeletableKey<Data> ? Exclude<Data[Key], undefined> | null : Data[Key];
};

/** `d` of `create`. An optional key may be `null`, which leaves the key out. */
export type InitialData<Data> = {
  [Key in keyof Data]: Key extends DeletableKey<Data> ? Exclude<Data[Key], undefined> | null : Data[Key];
};

/** A session as `get` and `set` return it. */
export interface Session<Data = SessionData> {
  /** The account. */
  readonly id: string;
  /** Number of reads before this read, counted from 1. */
  readonly r: number;
  /** Number of writes including this write, counted from 1. */
  readonly w: number;
  /** Seconds of inactivity after which the session expires; with `no_resave`, the seconds until it expires. */
  readonly ttl: number;
  /** Seconds since the previous activity. */
  readonly idle: number;
  readonly ip: string;
  /** Absent while the session has no data. */
  readonly d?: Data;
  /** Present only if activity does not extend the session's life. */
  readonly no_resave?: true;
}

/** A session in a list. Others than the bearer read lists, so a list has no tokens. */
export interface ListedSession<Data = SessionData> extends Session<Data> {
  /** The session's public id, by which a manager closes it or pushes to it. It grants no access. */
  readonly handle: string;
}

/** Options of a call on one app. */
export interface AppOptions {
  /** The namespace: 3 to 20 letters, digits, `_` and `-`. */
  readonly app: string;
}

/** Options of a call on one account. */
export interface AccountOptions extends AppOptions {
  /** The account: 1 to 128 characters of any script. */
  readonly id: string;
}

/** Options of a call on one session. */
export interface TokenOptions extends AppOptions {
  /** 64 letters and digits. */
  readonly token: string;
}

/** `deltaTime`: seconds to look back, at least 10. `dt` is another name of this option. */
export type WithinOptions = AppOptions &
  ({ readonly deltaTime: number | string } | { readonly dt: number | string; readonly deltaTime?: undefined });

/** Options of the call that creates a session. */
export interface CreateCallOptions<Data = SessionData> extends AccountOptions {
  /** 1 to 39 characters. */
  readonly ip: string;
  /** Seconds, at least 10. Default 7200. */
  readonly ttl?: number | string;
  readonly d?: InitialData<Data>;
  /** Whether the session ends `ttl` seconds after its creation, regardless of activity. Default false. */
  readonly no_resave?: boolean;
}

/** Options of the call that changes a session's data. */
export interface SetOptions<Data = SessionData> extends TokenOptions {
  /** At least one key. Other keys keep their values. */
  readonly d: DataPatch<Data>;
}

/** The reply of `create`. */
export interface Created {
  /** The bearer secret. No other reply contains it. */
  readonly token: string;
}

/** The number of sessions that were ended. */
export interface Killed {
  readonly kill: number;
}

/** The reply of a list. */
export interface Listed<Data = SessionData> {
  readonly sessions: readonly ListedSession<Data>[];
}

/** The reply of `activity`. */
export interface Activity {
  /** Number of accounts, not of sessions. */
  readonly activity: number;
}

/** Result that a callback gets where a promise resolves with `null`. */
export type Missing = Record<never, never>;

/** A Node callback: called with an error, or with `null` and the result. */
export type Callback<Result> = (...answer: [error: null, result: Result] | [error: Error, result: undefined]) => void;

/**
 * Connection options, named as in redis-sessions 4 (`url`, `username`, `password`, `database`, `name`, `socket`) or 3
 * (`auth_pass`, `db`, `path`, `tls`). All other options are passed to ioredis unchanged.
 */
export interface RedisClientOptions extends Omit<RedisOptions, 'name'> {
  /** `redis://` or `rediss://`. If `url` is given, `port` and `host` are ignored. */
  readonly url?: string;
  readonly database?: number;
  readonly auth_pass?: string;
  /** The name of the connection; with `sentinels`, the name of the master. */
  readonly name?: string;
  readonly socket?: {
    readonly host?: string;
    readonly port?: number;
    /** Path of a Unix socket, instead of host and port. */
    readonly path?: string;
    readonly tls?: boolean;
    readonly connectTimeout?: number;
    readonly keepAlive?: number | false;
    readonly [option: string]: unknown;
  };
}

interface CacheOptions {
  /**
   * Seconds for which `get` answers from memory. Such a read is not counted. Default 0: `get` always reads the store.
   */
  readonly cachetime?: number;
  /** Maximum number of sessions in the cache. Default 5000. */
  readonly cachemax?: number;
}

/** Sessions in a Redis (7 or newer) or Valkey. The class starts a service for them. */
export interface RedisSessionsRedisOptions extends CacheOptions {
  /** Default 6379. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly options?: RedisClientOptions;
  /** Prefix of every key, before a colon. Default `rs`. */
  readonly namespace?: string;
  /** Seconds between sweeps of expired sessions; 0 disables them, values below 10 become 10. Default 600. */
  readonly wipe?: number;
  /** Settings of the service. Two defaults differ here: `maxSession` is 0, `gcInterval` follows `wipe`. */
  readonly context?: SessionContextOptions;
  readonly manager?: undefined;
}

/** Sessions of a manager of the application, on any store. */
export interface RedisSessionsManagerOptions extends CacheOptions {
  /** The manager, which `quit` does not stop. Its settings determine the session limit and the sweeps. */
  readonly manager: SessionManager;
}

/** Options of the class: either for its own connection to Redis, or with a manager that already runs. */
export type RedisSessionsOptions = RedisSessionsRedisOptions | RedisSessionsManagerOptions;
