import { createHmac } from 'node:crypto';
import type { Session } from '../../src/index.js';

/** Returns `<sid>.<signature>`, as express-session and @fastify/session sign a session id. */
export function signed(sid: string, secret: string): string {
  return `${sid}.${createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')}`;
}

/** Returns the cookie as express-session sets it. */
export function expressCookie(sid: string, secret: string, name = 'connect.sid'): string {
  return `${name}=${encodeURIComponent(`s:${signed(sid, secret)}`)}`;
}

/** A replacement for `SessionMailboxStore`: sessions by session ids of express-session. */
export class Sids {
  /** All ids that were looked up, in order. */
  readonly asked: string[] = [];
  readonly #sessions = new Map<string, Session>();

  set(sid: string, session: Session): void {
    this.#sessions.set(sid, session);
  }

  async sessionOf(sid: string): Promise<Session | undefined> {
    this.asked.push(sid);
    return this.#sessions.get(sid);
  }
}
