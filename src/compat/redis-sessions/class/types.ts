import type { RedisOptions } from 'ioredis';
import type { SessionContextOptions } from '../../../context/session-context.js';
import type { SessionManager } from '../../../service/session-manager.js';

/** What a session may keep under one key of its `d`. */
export type Scalar = string | number | boolean;

/** The shape of `d` when it is not told otherwise. */
export type SessionData = Record<string, Scalar>;

/** Keys that may be missing, or any key where the shape names none: those that can be deleted. */
type DeletableKey<Data> = {
  [Key in keyof Data]-?: string extends Key ? Key : Record<never, never> extends Pick<Data, Key> ? Key : never;
}[keyof Data];

/** What `set` takes: any of the keys; `null` deletes one that may be missing. */
export type DataPatch<Data> = {
  [Key in keyof Data]?: Key extends DeletableKey<Data> ? Exclude<Data[Key], undefined> | null : Data[Key];
};

/** What `create` takes: keys that may be missing may be `null` as well, and are then left out. */
export type InitialData<Data> = {
  [Key in keyof Data]: Key extends DeletableKey<Data> ? Exclude<Data[Key], undefined> | null : Data[Key];
};

/** A session as `get` and `set` show it. */
export interface Session<Data = SessionData> {
  /** Whose it is. */
  readonly id: string;
  /** Reads, counted from 1, before this one. */
  readonly r: number;
  /** Writes, counted from 1, this one included. */
  readonly w: number;
  /** Seconds without activity after which it expires; with `no_resave`, the seconds that are left. */
  readonly ttl: number;
  /** Seconds since the activity before this one. */
  readonly idle: number;
  readonly ip: string;
  /** Absent while it holds no key. */
  readonly d?: Data;
  /** Only there when activity does not extend the session's life. */
  readonly no_resave?: true;
}

/** A session as lists show it: also to others than its bearer, so without its token. */
export interface ListedSession<Data = SessionData> extends Session<Data> {
  /** The session's public id in session-mailbox: what to close or to push to. Grants nothing by itself. */
  readonly handle: string;
}

export interface AppOptions {
  /** The namespace: 3 to 20 letters, digits, `_` and `-`. */
  readonly app: string;
}

export interface AccountOptions extends AppOptions {
  /** Whose sessions: 1 to 128 characters of any script. */
  readonly id: string;
}

export interface TokenOptions extends AppOptions {
  /** 64 letters and digits. */
  readonly token: string;
}

/** How far to look back, in seconds, at least 10; `dt` is another name of it. */
export type WithinOptions = AppOptions &
  ({ readonly deltaTime: number | string } | { readonly dt: number | string; readonly deltaTime?: undefined });

export interface CreateCallOptions<Data = SessionData> extends AccountOptions {
  /** 1 to 39 characters. */
  readonly ip: string;
  /** Seconds, at least 10. Default 7200. */
  readonly ttl?: number | string;
  readonly d?: InitialData<Data>;
  /** Whether the session ends `ttl` seconds after its creation, whatever the activity. Default false. */
  readonly no_resave?: boolean;
}

export interface SetOptions<Data = SessionData> extends TokenOptions {
  /** At least one key. Those that are not named stay as they are. */
  readonly d: DataPatch<Data>;
}

export interface Created {
  /** The bearer secret: given here, and never again. */
  readonly token: string;
}

/** How many sessions were ended. */
export interface Killed {
  readonly kill: number;
}

export interface Listed<Data = SessionData> {
  readonly sessions: readonly ListedSession<Data>[];
}

export interface Activity {
  /** Accounts, not sessions. */
  readonly activity: number;
}

/** What a callback is given where a promise gives `null`. */
export type Missing = Record<never, never>;

/** As Node has it: an error and nothing, or `null` and the result. */
export type Callback<Result> = (...answer: [error: null, result: Result] | [error: Error, result: undefined]) => void;

/**
 * How to connect, in the words of redis-sessions 4 (`url`, `username`, `password`, `database`, `name`, `socket`) or 3
 * (`auth_pass`, `db`, `path`, `tls`); everything else goes to ioredis as it is.
 */
export interface RedisClientOptions extends Omit<RedisOptions, 'name'> {
  /** `redis://` or `rediss://`. `port` and `host` beside it are ignored. */
  readonly url?: string;
  readonly database?: number;
  readonly auth_pass?: string;
  /** What the server calls the connection; with `sentinels`, what they call the master. */
  readonly name?: string;
  readonly socket?: {
    readonly host?: string;
    readonly port?: number;
    /** A Unix socket, instead of host and port. */
    readonly path?: string;
    readonly tls?: boolean;
    readonly connectTimeout?: number;
    readonly keepAlive?: number | false;
    readonly [option: string]: unknown;
  };
}

interface CacheOptions {
  /** For how many seconds what `get` gave is given again without asking, and without counting. Default 0: never. */
  readonly cachetime?: number;
  /** Sessions that the cache holds at most. Default 5000. */
  readonly cachemax?: number;
}

/** Sessions in a Redis (7 or newer) or Valkey, over a service of its own. */
export interface RedisSessionsRedisOptions extends CacheOptions {
  /** Default 6379. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly options?: RedisClientOptions;
  /** What every key begins with, before a colon. Default `rs`. */
  readonly namespace?: string;
  /** Seconds between two sweeps of expired sessions; 0 for none, below 10 becomes 10. Default 600. */
  readonly wipe?: number;
  /** Settings of the service. Defaults that differ here: `maxSession` 0, `gcInterval` by `wipe`. */
  readonly context?: SessionContextOptions;
  readonly manager?: undefined;
}

/** Sessions of a service that the application has already, on any store. */
export interface RedisSessionsManagerOptions extends CacheOptions {
  /** Stays the application's: `quit` does not stop it. Its settings decide on limit and sweeps. */
  readonly manager: SessionManager;
}

export type RedisSessionsOptions = RedisSessionsRedisOptions | RedisSessionsManagerOptions;
