import session, { type SessionData } from 'express-session';
import { runtimeOf } from '../service/app-service.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { dataObject, fitsBinding } from './account-of.js';
import { BindingWatch } from './binding-watch.js';
import { answer, type Callback, requireCallback, start } from './callbacks.js';
import { ConnectionState } from './connection-state.js';
import { loadedCookie } from './cookie-data.js';
import { clearCopyMarker, keepOrigin, LoadedSession, loadedOf, remember, withCopyMarker } from './loaded-session.js';
import { isAnswered, isRefusal, isRefused, markRefused, unmarkRefused } from './refused-login.js';
import { clientOf, type RequestClient } from './request-client.js';
import {
  type SessionContent,
  type WantedContent,
  type WantedCookie,
  wantedContent,
  wantedCookie,
} from './session-content.js';
import { SessionReader, type SidState } from './session-reader.js';
import { SessionWriter } from './session-writer.js';
import { requireSession, requireSid } from './sid-arguments.js';
import { SidCache } from './sid-cache.js';
import { SidSessions } from './sid-sessions.js';
import { SidWalk } from './sid-walk.js';
import { type CheckedStoreOptions, requireSettings, type SessionMailboxStoreOptions } from './store-options.js';

type Request = Parameters<session.Store['createSession']>[0];

/**
 * Stores the sessions of express-session and of @fastify/session in session-mailbox.
 *
 * While `req.session.accountId` is not set (`accountKey` and `accountOf` choose another place), a session belongs to a
 * visitor and is stored in a separate app. When the application sets it, after `regenerate`, the session is bound to
 * that account. From then on it is a session of the manager's app like any other. It counts toward `maxSession`, is
 * listed, can be pushed to and polled, and ends everywhere when it is closed anywhere. Its data are the attributes of
 * that session. If the account is at its limit, a save fails with `SESSION_LIMIT` and changes nothing.
 *
 * A save stores the keys that changed since the session was loaded. If two requests change different keys at the same
 * time, both changes are kept. If they change the same key, the later save wins. A save after the session has ended
 * changes nothing.
 *
 * The sid is stored with the visitor session, for `ids` and `all`. It grants nothing without the secret that signs the
 * cookies.
 *
 * Every method calls its callback exactly once, or returns a promise when there is no callback. Both fail with a
 * `SessionError`: `INVALID_ARGUMENT`, `SESSION_LIMIT`, `STORE_UNAVAILABLE` or `STOPPED`. The store emits `disconnect`
 * when the session store can't be reached, and `connect` when it answers again.
 */
export class SessionMailboxStore extends session.Store {
  readonly #settings: CheckedStoreOptions;
  readonly #manager: SessionManager;
  readonly #cache: SidCache;
  readonly #reader: SessionReader;
  readonly #writer: SessionWriter;
  readonly #walk: SidWalk;
  readonly #connection: ConnectionState;
  readonly #bindings: BindingWatch;

  /**
   * @throws SessionError `INVALID_CONTEXT` for an unknown or invalid option, `INVALID_ARGUMENT` for a wrong `manager`
   */
  constructor(manager: SessionManager, options: SessionMailboxStoreOptions = {}) {
    super();
    // Not `requireManager`: the store also uses parts that only a manager of the same copy has.
    runtimeOf(manager);
    this.#settings = requireSettings(options, manager.app);
    this.#manager = manager;
    const sidSessions = new SidSessions(manager, this.#settings.visitorApp);
    this.#cache = new SidCache(sidSessions, this.#settings.cacheSize);
    this.#reader = new SessionReader(sidSessions, this.#cache, this.#settings);
    this.#writer = new SessionWriter(sidSessions, this.#cache, this.#reader, this.#settings);
    this.#bindings = new BindingWatch(manager.context.maxSession);
    this.#walk = new SidWalk(sidSessions, this.#reader);
    this.#connection = new ConnectionState(
      {
        ping: () => manager.ping(),
        disconnected: () => this.emit('disconnect'),
        connected: () => this.emit('connect'),
      },
      this.#settings.pingInterval,
    );
  }

  /** Returns the session of a sid as a new object, or `undefined` if there is none. Does not renew the session. */
  override get(sid: string): Promise<SessionData | undefined>;
  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void;
  override get(
    sid: string,
    callback?: Callback<SessionData | undefined>,
  ): Promise<SessionData | undefined> | undefined {
    return this.#answer(
      () => this.#get(requireSid(sid)),
      callback,
      (loaded, succeed) => {
        if (loaded === undefined) succeed(undefined);
        else withCopyMarker(loaded, () => succeed(loaded));
      },
    );
  }

  /**
   * Saves a session and renews it. For a session object that was loaded or saved before, `set` stores only the changes,
   * and never creates the session again. Any other object replaces the whole content of the sid. The cookie determines
   * the idle time; without a time in the cookie it is `gcTime`. A save with an expired cookie destroys the session.
   */
  override set(sid: string, session: SessionData): Promise<void>;
  override set(sid: string, session: SessionData, callback?: (error?: unknown) => void): void;
  override set(sid: string, session: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(() => this.#set(requireSid(sid), requireSession(session)), callback);
  }

  /** Closes the session with the reason `logout`. Does nothing for an unknown sid. */
  override destroy(sid: string): Promise<void>;
  override destroy(sid: string, callback?: (error?: unknown) => void): void;
  override destroy(sid: string, callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(() => this.#writer.destroy(requireSid(sid)), callback);
  }

  /** Renews the session, unless it was renewed within `touchAfter`. Does nothing for an unknown sid. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback?: (error?: unknown) => void): void;
  override touch(sid: string, session: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(() => this.#touch(requireSid(sid), requireSession(session)), callback);
  }

  /** Returns all live sessions, each with its sid as `id`. */
  override all(): Promise<SessionData[]>;
  override all(callback: (error: unknown, sessions?: SessionData[] | null) => void): void;
  override all(callback?: Callback<SessionData[]>): Promise<SessionData[]> | undefined {
    return this.#answer(async () => {
      const sessions: SessionData[] = [];
      for await (const states of this.#walk.live()) {
        for (const state of states) {
          const data = this.#dataOf(state, this.#reader.contentOf(state));
          sessions.push({ ...data, ...{ id: state.sid } });
        }
      }
      return sessions;
    }, callback);
  }

  /** Returns the sids of all live sessions. */
  ids(): Promise<string[]>;
  ids(callback: (error: unknown, sids?: string[]) => void): void;
  ids(callback?: Callback<string[]>): Promise<string[]> | undefined {
    return this.#answer(async () => {
      const sids: string[] = [];
      for await (const states of this.#walk.live()) for (const { sid } of states) sids.push(sid);
      return sids;
    }, callback);
  }

  /** Returns the number of live sessions. */
  override length(): Promise<number>;
  override length(callback: (error: unknown, length?: number) => void): void;
  override length(callback?: Callback<number>): Promise<number> | undefined {
    return this.#answer(async () => {
      let count = 0;
      for await (const states of this.#walk.live()) count += states.length;
      return count;
    }, callback);
  }

  /** Closes all sessions of this store with the reason `revoked`. Keeps sessions that other code created. */
  override clear(): Promise<void>;
  override clear(callback?: (error?: unknown) => void): void;
  override clear(callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(async () => {
      this.#cache.clear();
      await this.#walk.closeAll();
    }, callback);
  }

  /** Makes the object that the request sees from the result of `get`. express-session calls this method. */
  override createSession(request: Request, data: SessionData): session.Session & SessionData {
    const loaded = loadedOf(data);
    clearCopyMarker(data);
    // `reload` calls this method for a request that has a session.
    if (loaded !== undefined) keepOrigin(loaded, request.session);
    const created = super.createSession(request, data);
    if (loaded !== undefined) remember(created, loaded);
    return created;
  }

  /**
   * Returns the session-mailbox session of a sid, for pushes, polls and sockets. While the sid is bound to an account,
   * this is the login session. Otherwise it is the visitor session, which is in another app
   * (`manager.inApp(session.app)`). The caller must have checked the signature of the cookie with the sid. Does not
   * renew the session.
   */
  async sessionOf(sid: string): Promise<Session | undefined> {
    return (await this.#connection.follow(this.#reader.read(requireSid(sid))))?.holder;
  }

  /** Stops pinging a session store that can't be reached. Does not stop the manager. */
  close(): void {
    this.#connection.close();
  }

  #answer<Result>(
    operate: () => Promise<Result>,
    callback: Callback<Result> | undefined,
    pass?: (result: Result, succeed: (result: Result) => void) => void,
  ): Promise<Result> | undefined {
    requireCallback(callback);
    // Start synchronously, so that a save copies the session before the request changes it again. An exception about
    // invalid arguments becomes a rejection.
    const outcome = start(operate);
    return callback === undefined || callback === null
      ? this.#connection.follow(outcome)
      : answer(outcome, callback, (error) => this.#connection.failed(error), pass);
  }

  async #get(sid: string): Promise<SessionData | undefined> {
    const state = await this.#reader.read(sid);
    if (state === undefined) return undefined;
    const content = this.#reader.contentOf(state);
    if (!fitsBinding(content.data, state.binding.accountId, this.#settings)) return undefined;
    if (state.binding.accountId !== undefined) this.#bindings.bound();
    const data = this.#dataOf(state, content);
    remember(data, new LoadedSession(sid, content, this.#reader.loginOf(sid, state.binding), true));
    return data;
  }

  #dataOf({ holder }: SidState, content: SessionContent): SessionData {
    const cookie = loadedCookie(content.cookie, holder.lastTime, this.#manager.now);
    return Object.assign(dataObject(content), { cookie });
  }

  async #set(sid: string, session: object): Promise<void> {
    const loaded = this.#loadedFrom(sid, session);
    const wanted = this.#wantedOf(session, loaded);
    const client = clientOf(session);
    if (wanted.accountId !== undefined) this.#bindings.bound();
    else if (loaded === undefined) this.#bindings.visitorCreated(wanted);
    if (isRefused(session)) {
      // express-session calls `save`, and then begins to send the response in the same turn of the event loop. Wait
      // until it has. A save without an account waits, too: otherwise it would overtake an earlier save with an
      // account.
      await undefined;
      if (wanted.accountId !== undefined && isAnswered(session)) return;
    }
    try {
      await this.#save(sid, session, loaded, wanted, client);
      unmarkRefused(session);
    } catch (error) {
      // If the session was already bound to the account, the refusal does not concern the login.
      const isLogin = wanted.accountId !== undefined && loadedOf(session)?.login?.accountId !== wanted.accountId;
      if (isLogin && isRefusal(error)) markRefused(session);
      throw error;
    }
  }

  async #save(
    sid: string,
    session: object,
    loaded: LoadedSession | undefined,
    wanted: WantedContent,
    client: RequestClient,
  ): Promise<void> {
    const kept = loaded ?? new LoadedSession(sid, wanted, undefined, false, false);
    // Remember the object before the first await: a second save of the same object must wait for this save.
    if (loaded === undefined) remember(session, kept);
    await kept.inOrder(async () => {
      if (hasExpired(wanted)) await this.#writer.destroy(sid);
      else if (kept.isStored) return this.#writer.save(kept, wanted, client);
      else kept.login = await this.#writer.create(sid, wanted, client);
      kept.content = wanted;
      kept.isStored = true;
    });
  }

  async #touch(sid: string, session: object): Promise<void> {
    const wanted = wantedCookie(session, this.#manager.now);
    if (hasExpired(wanted)) await this.#writer.destroy(sid);
    else {
      const loaded = this.#loadedFrom(sid, session);
      await this.#writer.touch(sid, loaded?.isStored === false ? undefined : loaded, wanted);
    }
  }

  #loadedFrom(sid: string, session: object): LoadedSession | undefined {
    const loaded = loadedOf(session);
    return loaded?.sid === sid ? loaded : undefined;
  }

  #wantedOf(session: object, loaded: LoadedSession | undefined): WantedContent {
    return wantedContent(session, loaded?.content, this.#settings, this.#manager.now);
  }
}

function hasExpired({ ttl }: WantedCookie): boolean {
  return ttl !== undefined && ttl <= 0;
}
