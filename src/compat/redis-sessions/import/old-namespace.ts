import type { Redis } from 'ioredis';
import { isToken, type OldSession } from './old-session.js';

const chunk = 500;
const tokenLength = 64;

/**
 * The keys of redis-sessions 3 and 4 under one namespace, read and never written. `<namespace>:SESSIONS` holds
 * `<app>:<token>:<id>` of every session, with the time of its end; `<namespace>:<app>:<token>` is the session.
 */
export class OldNamespace {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, namespace: string) {
    this.#redis = redis;
    this.#prefix = `${namespace}:`;
  }

  /** Sessions in the index, expired ones among them. */
  async size(): Promise<number> {
    return this.#redis.zcard(`${this.#prefix}SESSIONS`);
  }

  /**
   * All sessions, some at a time; one that lives through the walk is met at least once, and perhaps again. `skipped`
   * counts entries of the index that led to none: of other apps, or of no session.
   */
  async *sessions(
    app: string | undefined,
  ): AsyncIterable<{ readonly sessions: readonly OldSession[]; readonly skipped: number }> {
    let cursor = '0';
    do {
      const [next, entries] = await this.#redis.zscan(`${this.#prefix}SESSIONS`, cursor, 'COUNT', chunk);
      cursor = next;
      // Members and scores take turns.
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

/** Split by place, for ids may hold colons. */
function nameOf(member: string): { readonly app: string; readonly token: string } | undefined {
  const colon = member.indexOf(':');
  const token = member.slice(colon + 1, colon + 1 + tokenLength);
  return colon > 0 && isToken(token) ? { app: member.slice(0, colon), token } : undefined;
}
