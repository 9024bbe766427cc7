import type { Session } from '../../../service/session.js';
import type { SessionManager } from '../../../service/session-manager.js';
import { hashSecret, parseToken } from '../../../store/session-token.js';
import { ReadCache } from './read-cache.js';
import { remainingLife } from './session-replies.js';
import type { RedisSessionsOptions } from './types.js';

/** Sessions. */
export const defaultCacheMax = 5_000;

/** Sessions that were read lately, kept for as long as nobody changes them. */
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

  /** The cache that was asked for, if one was. */
  static of({ cachetime = 0, cachemax = defaultCacheMax }: RedisSessionsOptions): SessionCache | undefined {
    return cachetime > 0 ? new SessionCache(cachetime * 1_000, cachemax) : undefined;
  }

  /** @throws SessionError `INVALID_ARGUMENT` when the store can't tell of changes, which a cache must hear of */
  async open(manager: SessionManager): Promise<void> {
    this.#stopWatching = await manager.watchChanges(this.#sessions);
  }

  async close(): Promise<void> {
    await this.#stopWatching?.();
    this.#sessions.interrupted();
  }

  /** As `manager.authenticate`, which is asked if the session is not here. */
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

  /** This node has changed or ended the session; the store says so as well, a little later. */
  forget(app: string, token: string): void {
    const parts = parseToken(token);
    if (parts !== undefined) this.#sessions.changed(app, parts.id);
  }

  /** This node has ended many. */
  clear(): void {
    this.#sessions.clear();
  }
}
