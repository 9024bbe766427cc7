import type { SessionManager } from '../../../service/session-manager.js';
import { checkClassOptions } from './class-options.js';
import { LibraryService } from './library-service.js';
import { Lifecycle } from './lifecycle.js';
import { promiseOrCallback, promiseOrCallbackIfFound } from './promise-or-callback.js';
import { SessionCache } from './session-cache.js';
import type {
  AccountOptions,
  Activity,
  AppOptions,
  Callback,
  CreateCallOptions,
  Created,
  Killed,
  Listed,
  Missing,
  RedisSessionsOptions,
  Session,
  SessionData,
  SetOptions,
  TokenOptions,
  WithinOptions,
} from './types.js';

/**
 * The interface of redis-sessions over `SessionManager`: an app is an app, an id is an account, `d` holds the
 * attributes. The first call connects to the store. Each method returns a promise, or calls the callback that is its
 * last argument. If the promise would resolve with `null`, the callback gets `{}`.
 *
 * Every method rejects with a `RedisSessionsError` that names the first wrong argument, and with a `SessionError` if
 * the store can't be reached or after `quit`.
 */
export class RedisSessions<Data extends SessionData = SessionData> {
  readonly #lifecycle: Lifecycle;
  readonly #service: LibraryService<Data>;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: RedisSessionsOptions = {}) {
    const checked = checkClassOptions(options);
    const cache = SessionCache.of(checked);
    this.#lifecycle = new Lifecycle(checked, cache);
    this.#service = new LibraryService<Data>(this.#lifecycle, cache);
    bindMethods(this);
  }

  /**
   * Returns the manager of these sessions, for pushes, polls and everything else that redis-sessions lacks. Starts the
   * service if needed. The `handle` of a session is its id in the manager.
   */
  manager(): Promise<SessionManager> {
    return this.#lifecycle.manager();
  }

  /** Creates a session of `id`. Rejects with `SESSION_LIMIT` if the account holds `maxSession` sessions. */
  create(options: CreateCallOptions<Data>): Promise<Created>;
  create(options: CreateCallOptions<Data>, callback: Callback<Created>): void;
  create(options: CreateCallOptions<Data>, callback?: Callback<Created>): Promise<Created> | undefined {
    return promiseOrCallback(this.#service.create(options), callback);
  }

  /** Renews the session of a token and returns it; `null` if there is none. */
  get(options: TokenOptions): Promise<Session<Data> | null>;
  get(options: TokenOptions, callback: Callback<Session<Data> | Missing>): void;
  get(options: TokenOptions, callback?: Callback<Session<Data> | Missing>): Promise<Session<Data> | null> | undefined {
    return promiseOrCallbackIfFound(this.#service.get(options), callback);
  }

  /** Merges keys into `d` and renews the session. Returns the session; `null` if there is none. */
  set(options: SetOptions<Data>): Promise<Session<Data> | null>;
  set(options: SetOptions<Data>, callback: Callback<Session<Data> | Missing>): void;
  set(
    options: SetOptions<Data>,
    callback?: Callback<Session<Data> | Missing>,
  ): Promise<Session<Data> | null> | undefined {
    return promiseOrCallbackIfFound(this.#service.set(options), callback);
  }

  /** Ends the session of a token. */
  kill(options: TokenOptions): Promise<Killed>;
  kill(options: TokenOptions, callback: Callback<Killed>): void;
  kill(options: TokenOptions, callback?: Callback<Killed>): Promise<Killed> | undefined {
    return promiseOrCallback(this.#service.kill(options), callback);
  }

  /** Ends all sessions of an app. A session that is created during the call may survive. */
  killall(options: AppOptions): Promise<Killed>;
  killall(options: AppOptions, callback: Callback<Killed>): void;
  killall(options: AppOptions, callback?: Callback<Killed>): Promise<Killed> | undefined {
    return promiseOrCallback(this.#service.killAll(options), callback);
  }

  /** Ends all sessions of an id. */
  killsoid(options: AccountOptions): Promise<Killed>;
  killsoid(options: AccountOptions, callback: Callback<Killed>): void;
  killsoid(options: AccountOptions, callback?: Callback<Killed>): Promise<Killed> | undefined {
    return promiseOrCallback(this.#service.killSessionsOfId(options), callback);
  }

  /** Returns the sessions of an id, oldest first. */
  soid(options: AccountOptions): Promise<Listed<Data>>;
  soid(options: AccountOptions, callback: Callback<Listed<Data>>): void;
  soid(options: AccountOptions, callback?: Callback<Listed<Data>>): Promise<Listed<Data>> | undefined {
    return promiseOrCallback(this.#service.sessionsOfId(options), callback);
  }

  /** Returns the sessions of an app that were active within `deltaTime`, latest activity first, in one list. */
  soapp(options: WithinOptions): Promise<Listed<Data>>;
  soapp(options: WithinOptions, callback: Callback<Listed<Data>>): void;
  soapp(options: WithinOptions, callback?: Callback<Listed<Data>>): Promise<Listed<Data>> | undefined {
    return promiseOrCallback(this.#service.sessionsOfApp(options), callback);
  }

  /** Returns the number of ids (not of sessions) that were active within `deltaTime`. */
  activity(options: WithinOptions): Promise<Activity>;
  activity(options: WithinOptions, callback: Callback<Activity>): void;
  activity(options: WithinOptions, callback?: Callback<Activity>): Promise<Activity> | undefined {
    return promiseOrCallback(this.#service.activity(options), callback);
  }

  /** Resolves with `PONG` when the store answers. */
  ping(): Promise<'PONG'>;
  ping(callback: Callback<'PONG'>): void;
  ping(callback?: Callback<'PONG'>): Promise<'PONG'> | undefined {
    return promiseOrCallback(this.#service.ping(), callback);
  }

  /**
   * Stops the service that this object started, and closes its connections. Does not stop a manager of the application.
   * Resolves when everything is closed. Safe to call twice.
   */
  quit(): Promise<void>;
  quit(callback: Callback<void>): void;
  quit(callback?: Callback<void>): Promise<void> | undefined {
    return promiseOrCallback(this.#lifecycle.quit(), callback);
  }
}

/**
 * Binds the methods, so that an application can pass them on without the object, as with redis-sessions 3:
 * `promisify(sessions.get)`, `async.map(list, sessions.create)`.
 */
function bindMethods(sessions: object): void {
  for (const name of Object.getOwnPropertyNames(RedisSessions.prototype)) {
    // If a subclass overrides the method, this is the method of the subclass.
    const method: unknown = Reflect.get(sessions, name);
    if (name === 'constructor' || typeof method !== 'function') continue;
    const value: unknown = method.bind(sessions);
    Object.defineProperty(sessions, name, { value, writable: true, configurable: true });
  }
}
