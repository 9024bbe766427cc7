import type { Redis } from 'ioredis';
import { isToken, type OldSession } from './old-session.js';

/** Number of index entries per `ZSCAN`. */
const chunk = 500;
const tokenLength = 64;

/**
 * Reads the keys of redis-sessions 3 and 4 under one namespace, and changes none of them. The sorted set
 * `<namespace>:SESSIONS` holds `<app>:<token>:<id>` of every session; the score is the time at which the session ends.
 * The hash `<namespace>:<app>:<token>` holds the session.
 */
export class OldNamespace {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, namespace: string) {
    this.#redis = redis;
    this.#prefix = `${namespace}:`;
  }

  /** Returns the number of sessions in the index, including expired sessions. */
  async size(): Promise<number> {
    return this.#redis.zcard(`${this.#prefix}SESSIONS`);
  }

  /**
   * Yields all sessions, in chunks. A session that exists during the whole scan is returned at least once, possibly
   * twice. `skipped` counts index entries of other apps, and malformed index entries.
   */
  async *sessions(
    app: string | undefined,
  ): AsyncIterable<{ readonly sessions: readonly OldSession[]; readonly skipped: number }> {
    let cursor = '0';
    do {
      const [next, entries] = await this.#redis.zscan(`${this.#prefix}SESSIONS`, cursor, 'COUNT', chunk);
      cursor = next;
      // Members and scores alternate.
      const members = entries.filter((_entry, index) => index % 2 === 0);
      const named = members.map(nameOf).filter((name) => name !== undefined);
      const wanted = named.filter((name) => app === undefined || name.app === app);
      const sessions = await Promise.all(
        wanted.map(async ({ app, token }) => {
          return { app, token, fields: await this.#redis.hgetall(`${this.#prefix}${app}:${token}`) };
        }),
      );
      yield { sessions, skipped: members.length - sessions.length };
    } while (cursor !== '0');
  }
}

/** Splits an index entry by position, because ids may contain colons. */
function nameOf(member: string): { readonly app: string; readonly token: string } | undefined {
  const colon = member.indexOf(':');
  const token = member.slice(colon + 1, colon + 1 + tokenLength);
  return colon > 0 && isToken(token) ? { app: member.slice(0, colon), token } : undefined;
}
