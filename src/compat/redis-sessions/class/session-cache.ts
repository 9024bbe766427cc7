import type { Session } from '../../../service/session.js';
import type { SessionManager } from '../../../service/session-manager.js';
import { hashSecret, parseToken } from '../../../store/session-token.js';
import { ReadCache } from './read-cache.js';
import { remainingLife } from './session-replies.js';
import type { RedisSessionsOptions } from './types.js';

/** Default maximum number of cached sessions. */
export const defaultCacheMax = 5_000;

/** Answers `authenticate` from memory until the session changes or `cachetime` passes. */
export class SessionCache {
  readonly #sessions: ReadCache<Session>;
  #stopWatching: (() => Promise<void>) | undefined;

  /**
   * @param lifetime maximum age of an entry in milliseconds
   * @param most maximum number of sessions
   */
  constructor(lifetime: number, most: number) {
    this.#sessions = new ReadCache(lifetime, most);
  }

  /** Returns the cache that the options request, or `undefined` if they request none. */
  static of({ cachetime = 0, cachemax = defaultCacheMax }: RedisSessionsOptions): SessionCache | undefined {
    return cachetime > 0 ? new SessionCache(cachetime * 1_000, cachemax) : undefined;
  }

  /** @throws SessionError `INVALID_ARGUMENT` for a store that does not report changes: the cache would become stale */
  async open(manager: SessionManager): Promise<void> {
    this.#stopWatching = await manager.watchChanges(this.#sessions);
  }

  async close(): Promise<void> {
    await this.#stopWatching?.();
    this.#sessions.interrupted();
  }

  /** Like `manager.authenticate`, which it calls if the session is not cached. */
  async authenticate(manager: SessionManager, token: string): Promise<Session> {
    const parts = parseToken(token);
    if (parts === undefined) return manager.authenticate(token);
    const secretHash = hashSecret(parts.secret);
    const known = this.#sessions.find(manager.app, parts.id, secretHash, manager.now);
    if (known !== undefined) return known;
    const fill = this.#sessions.begin(manager.app, parts.id);
    try {
      const session = await manager.authenticate(token);
      const life = remainingLife(session, session.lastTime);
      this.#sessions.keep(fill, secretHash, session, manager.now, life);
      return session;
    } finally {
      this.#sessions.end(fill);
    }
  }

  /** Drops a session that this node has changed or closed. The notice of the store arrives later. */
  forget(app: string, token: string): void {
    const parts = parseToken(token);
    if (parts !== undefined) this.#sessions.changed(app, parts.id);
  }

  /** Drops all sessions, because this node has closed many of them. */
  clear(): void {
    this.#sessions.clear();
  }
}
