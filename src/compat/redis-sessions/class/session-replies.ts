import type { Session as CoreSession } from '../../../service/session.js';
import type { ListedSession, Session } from './types.js';

const second = 1_000;
/**
 * Milliseconds that are added to each ttl. In redis-sessions a session expires when its idle time, rounded down to
 * seconds, exceeds its ttl, that is up to 999 ms later. The addition also makes `toSeconds` return the original ttl.
 */
const roundingTime = second - 1;

export function toMilliseconds(seconds: number): number {
  return seconds * second + roundingTime;
}

function toSeconds(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / second));
}

/** Whether activity can't extend the session's life, because its absolute end is before any idle deadline. */
function isFixed({ ttl, maxAge }: CoreSession): boolean {
  return maxAge > 0 && ttl >= maxAge;
}

/** Returns the milliseconds until the session expires, if there is no further activity. */
export function remainingLife(session: CoreSession, now: number): number {
  const { lastTime, ttl, createdAt, maxAge } = session;
  const idleEnd = lastTime + ttl;
  return (maxAge > 0 ? Math.min(idleEnd, createdAt + maxAge) : idleEnd) - now;
}

/** Returns the reply to `get`. `r` does not count the read of this call. */
export function replyToGet<Data>(session: CoreSession): Session<Data> {
  return describe<Data>(session, session.reads, session.lastTime, session.previousTime);
}

/** Returns the reply to `set`. `w` counts the write of this call. */
export function replyToSet<Data>(session: CoreSession): Session<Data> {
  return describe<Data>(session, session.reads + 1, session.lastTime, session.previousTime);
}

/** Returns an entry of a list. @param now milliseconds since the Unix epoch */
export function listed<Data>(session: CoreSession, now: number): ListedSession<Data> {
  return { ...describe<Data>(session, session.reads + 1, now, session.lastTime), handle: session.id };
}

/** Describes a session. The counters of redis-sessions start at 1, the counters of a core session at 0. */
function describe<Data>(session: CoreSession, reads: number, now: number, activeAt: number): Session<Data> {
  const data = dataOf<Data>(session);
  const fixed = isFixed(session);
  return {
    id: session.accountId,
    r: reads,
    w: session.writes + 1,
    ttl: toSeconds(fixed ? remainingLife(session, now) : session.ttl),
    idle: toSeconds(now - activeAt),
    ip: session.ip,
    ...(data !== undefined && { d: data }),
    ...(fixed && { no_resave: true }),
  };
}

/**
 * Returns the attributes. The caller declares their shape; data that were stored in another shape are returned
 * unchanged.
 */
function dataOf<Data>(session: CoreSession): Data | undefined {
  const attributes = session.getAllAttr();
  for (const _key in attributes) return attributes as Data;
  return undefined;
}
