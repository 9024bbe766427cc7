import session, { type SessionData } from 'express-session';
import { invalidArgument } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { answer, type Callback, requireCallback } from './callbacks.js';
import { clientOf } from './client-of.js';
import { ConnectionState } from './connection-state.js';
import { forget, handOver, LoadedSession, loadedOf, remember, takeBack } from './loaded-session.js';
import { RecentSids } from './recent-sids.js';
import { dataObject, nothingKept, type WantedContent, wantedContent } from './session-content.js';
import { loadedCookie } from './session-cookie.js';
import { SessionPlaces } from './session-places.js';
import { SessionReader, type SidState } from './session-reader.js';
import { SessionWalk } from './session-walk.js';
import { SessionWriter } from './session-writer.js';
import { requireSettings, type SessionMailboxStoreOptions, type StoreSettings } from './store-options.js';

type Request = Parameters<session.Store['createSession']>[0];

/**
 * Sessions of express-session, and of @fastify/session, in session-mailbox.
 *
 * While `req.session.accountId` is not set, a session is a visitor's, in an app of its own. Setting it binds the session
 * to that account: from then on it is a session of the manager's app like any other, counts toward `maxSession`, is
 * listed, pushed to and polled, and ends everywhere when it is closed anywhere. Its data are the attributes of that
 * session. Where the account has no room, saving fails with `SESSION_LIMIT` and nothing has changed.
 *
 * A save keeps what changed since the session was loaded, key by key, so that requests that change different keys at
 * once both win; within one key the last wins. One that arrives after its session has ended changes nothing.
 *
 * The sid is kept with the visitor session, for `ids` and `all`: it opens nothing without the secret that signs cookies.
 *
 * Every method answers its callback exactly once, or gives a promise when there is none. Both fail with a
 * `SessionError`: `INVALID_ARGUMENT`, `SESSION_LIMIT`, `STORE_UNAVAILABLE` or `STOPPED`. `disconnect` is emitted when
 * the store can't be reached, and `connect` once it answers again.
 */
export class SessionMailboxStore extends session.Store {
  readonly #settings: StoreSettings;
  readonly #manager: SessionManager;
  readonly #recent: RecentSids;
  readonly #reader: SessionReader;
  readonly #writer: SessionWriter;
  readonly #walk: SessionWalk;
  readonly #connection: ConnectionState;

  /** @throws SessionError `INVALID_ARGUMENT` */
  constructor(manager: SessionManager, options: SessionMailboxStoreOptions = {}) {
    super();
    this.#settings = requireSettings(options, manager.app);
    this.#manager = manager;
    const places = new SessionPlaces(manager, this.#settings.visitorApp);
    this.#recent = new RecentSids(places, this.#settings.cacheSize);
    this.#reader = new SessionReader(places, this.#recent, this.#settings);
    this.#writer = new SessionWriter(places, this.#recent, this.#reader, this.#settings.touchAfter);
    this.#walk = new SessionWalk(places, this.#reader);
    this.#connection = new ConnectionState(
      {
        ping: () => manager.ping(),
        disconnected: () => this.emit('disconnect'),
        connected: () => this.emit('connect'),
      },
      this.#settings.pingInterval,
    );
  }

  /** A fresh object each time, or `undefined`. Does not renew. */
  override get(sid: string): Promise<SessionData | undefined>;
  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void;
  override get(
    sid: string,
    callback?: Callback<SessionData | undefined>,
  ): Promise<SessionData | undefined> | undefined {
    return this.#answer(
      () => this.#get(requireSid(sid)),
      callback,
      (loaded, receive) => {
        if (loaded === undefined) receive(undefined);
        else handOver(loaded, () => receive(loaded));
      },
    );
  }

  /**
   * Saves. A session that was loaded, or saved before, is never created again; one that never was is taken as the whole
   * content. Renews, for as long as the cookie says, else for `gcTime`; a cookie that is over ends the session.
   */
  override set(sid: string, session: SessionData): Promise<void>;
  override set(sid: string, session: SessionData, callback?: (error?: unknown) => void): void;
  override set(sid: string, session: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(() => this.#set(requireSid(sid), requireSession(session)), callback);
  }

  /** Ends the session, as a logout does where it is bound to an account. None there is no error. */
  override destroy(sid: string): Promise<void>;
  override destroy(sid: string, callback?: (error?: unknown) => void): void;
  override destroy(sid: string, callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(() => this.#writer.end(requireSid(sid)), callback);
  }

  /** Renews, unless that was done within `touchAfter`. Never creates; none there is no error. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback?: (error?: unknown) => void): void;
  override touch(sid: string, session: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(() => this.#touch(requireSid(sid), requireSession(session)), callback);
  }

  /** All live sessions, each with its sid as `id`. */
  override all(): Promise<SessionData[]>;
  override all(callback: (error: unknown, sessions?: SessionData[] | null) => void): void;
  override all(callback?: Callback<SessionData[]>): Promise<SessionData[]> | undefined {
    return this.#answer(async () => {
      const sessions: SessionData[] = [];
      for await (const states of this.#walk.live()) {
        for (const state of states) sessions.push({ ...this.#dataOf(state), ...{ id: state.sid } });
      }
      return sessions;
    }, callback);
  }

  /** The sids of all live sessions. */
  ids(): Promise<string[]>;
  ids(callback: (error: unknown, sids?: string[]) => void): void;
  ids(callback?: Callback<string[]>): Promise<string[]> | undefined {
    return this.#answer(async () => {
      const sids: string[] = [];
      for await (const states of this.#walk.live()) for (const { sid } of states) sids.push(sid);
      return sids;
    }, callback);
  }

  /** How many live sessions there are. */
  // Named by express-session's interface.
  override length(): Promise<number>;
  override length(callback: (error: unknown, length?: number) => void): void;
  override length(callback?: Callback<number>): Promise<number> | undefined {
    return this.#answer(async () => {
      let count = 0;
      for await (const states of this.#walk.live()) count += states.length;
      return count;
    }, callback);
  }

  /** Ends all sessions, those bound to accounts as `revoked`; sessions that were made past this store stay. */
  override clear(): Promise<void>;
  override clear(callback?: (error?: unknown) => void): void;
  override clear(callback?: Callback<void>): Promise<void> | undefined {
    return this.#answer(async () => {
      this.#recent.clear();
      await this.#walk.endAll();
    }, callback);
  }

  /** express-session makes of what `get` gave the object that the request sees. */
  override createSession(request: Request, data: SessionData): session.Session & SessionData {
    const loaded = loadedOf(data);
    takeBack(data);
    const created = super.createSession(request, data);
    if (loaded !== undefined) remember(created, loaded);
    return created;
  }

  /**
   * The session of ours that is behind a sid, for pushes, polls and sockets: that of the account it is bound to, else
   * the visitor's, which is of another app (`manager.inApp(session.app)`). The caller must have checked the signature of
   * the cookie that the sid is from. Does not renew.
   */
  async sessionOf(sid: string): Promise<Session | undefined> {
    return (await this.#connection.follow(this.#reader.read(requireSid(sid))))?.holder;
  }

  /** Stops asking whether the store is back. The manager goes on. */
  close(): void {
    this.#connection.close();
  }

  #answer<Result>(
    operate: () => Promise<Result>,
    callback: Callback<Result> | undefined,
    hand?: (result: Result, receive: (result: Result) => void) => void,
  ): Promise<Result> | undefined {
    requireCallback(callback);
    // Begun at once, because what is to be saved must be looked at before the request goes on; but a fault of the
    // arguments is an answer like any other.
    const begun = begin(operate);
    return answer(this.#connection.follow(begun), callback, hand);
  }

  async #get(sid: string): Promise<SessionData | undefined> {
    const state = await this.#reader.read(sid);
    if (state === undefined) return undefined;
    const data = this.#dataOf(state);
    const content = this.#reader.contentOf(state);
    remember(data, new LoadedSession(sid, content, this.#reader.loginOf(sid, state.binding)));
    return data;
  }

  #dataOf(state: SidState): SessionData {
    const content = this.#reader.contentOf(state);
    const cookie = loadedCookie(content.cookie, state.holder.lastTime, this.#manager.now);
    return { ...dataObject(content), cookie };
  }

  async #set(sid: string, session: object): Promise<void> {
    const loaded = this.#loadedFrom(sid, session);
    const wanted = this.#wantedOf(session, loaded);
    const client = clientOf(session);
    if (loaded !== undefined) {
      await loaded.inTurn(() => (isOver(wanted) ? this.#writer.end(sid) : this.#writer.save(loaded, wanted, client)));
      return;
    }
    // At once: a second save of the same object has to wait for this one.
    const created = new LoadedSession(sid, wanted, undefined);
    remember(session, created);
    try {
      await created.inTurn(async () => {
        if (isOver(wanted)) await this.#writer.end(sid);
        else created.login = await this.#writer.create(sid, wanted, client);
      });
    } catch (error) {
      // What it holds has to be saved anew, all of it.
      created.content = nothingKept;
      forget(session, created);
      throw error;
    }
  }

  async #touch(sid: string, session: object): Promise<void> {
    const loaded = this.#loadedFrom(sid, session);
    const wanted = this.#wantedOf(session, loaded);
    await (isOver(wanted) ? this.#writer.end(sid) : this.#writer.touch(sid, loaded, wanted));
  }

  #loadedFrom(sid: string, session: object): LoadedSession | undefined {
    const loaded = loadedOf(session);
    return loaded?.sid === sid ? loaded : undefined;
  }

  #wantedOf(session: object, loaded: LoadedSession | undefined): WantedContent {
    return wantedContent(session, loaded?.content, this.#settings, this.#manager.now);
  }
}

async function begin<Result>(operate: () => Promise<Result>): Promise<Result> {
  return operate();
}

function isOver({ ttl }: WantedContent): boolean {
  return ttl !== undefined && ttl <= 0;
}

/** @throws SessionError `INVALID_ARGUMENT` */
function requireSid(sid: unknown): string {
  if (typeof sid === 'string' && sid !== '') return sid;
  throw invalidArgument('sid', 'must be a string that is not empty', typeof sid === 'string' ? sid : typeof sid);
}

/** @throws SessionError `INVALID_ARGUMENT` */
function requireSession(session: unknown): object {
  if (typeof session === 'object' && session !== null && !Array.isArray(session)) return session;
  throw invalidArgument('session', 'must be an object', typeof session);
}
