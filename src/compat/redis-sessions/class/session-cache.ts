import type { Session } from '../../../service/session.js';
import type { SessionManager } from '../../../service/session-manager.js';
import { hashSecret, parseToken } from '../../../store/session-token.js';
import { ReadCache } from './read-cache.js';
import { remainingLife } from './session-replies.js';
import type { RedisSessionsOptions } from './types.js';

/** Sessions. */
export const defaultCacheMax = 5_000;

/** Answers `authenticate` from memory until the session changes or `cachetime` passes. */
export class SessionCache {
  readonly #sessions: ReadCache<Session>;
  #stopWatching: (() => Promise<void>) | undefined;

  /**
   * @param lifetime milliseconds
   * @param most sessions
   */
  constructor(lifetime: number, most: number) {
    this.#sessions = new ReadCache(lifetime, most);
  }

  /** The cache that the options ask for, if they do. */
  static of({ cachetime = 0, cachemax = defaultCacheMax }: RedisSessionsOptions): SessionCache | undefined {
    return cachetime > 0 ? new SessionCache(cachetime * 1_000, cachemax) : undefined;
  }

  /** @throws SessionError `INVALID_ARGUMENT` for a store that does not report changes: its cache would be stale */
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

  /** This node has changed or closed the session. The store's notice comes later. */
  forget(app: string, token: string): void {
    const parts = parseToken(token);
    if (parts !== undefined) this.#sessions.changed(app, parts.id);
  }

  /** This node has closed many sessions. */
  clear(): void {
    this.#sessions.clear();
  }
}
