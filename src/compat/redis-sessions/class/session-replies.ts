import type { Session as CoreSession } from '../../../service/session.js';
import type { ListedSession, Session } from './types.js';

const second = 1_000;
/**
 * A session expires when the whole seconds of its idle time are more than its ttl. So its life ends this much after,
 * which also keeps its ttl what it was when it is told in whole seconds again.
 */
const lastSecond = second - 1;

export function toMilliseconds(seconds: number): number {
  return seconds * second + lastSecond;
}

function toSeconds(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / second));
}

/** Whether activity can't extend its life: an absolute end that comes before it could ever have been idle for too long. */
function isFixed({ ttl, maxAge }: CoreSession): boolean {
  return maxAge > 0 && ttl >= maxAge;
}

/** Milliseconds that it lives at least, if nothing ends it. */
export function remainingLife(session: CoreSession, now: number): number {
  const { lastTime, ttl, createdAt, maxAge } = session;
  const idleEnd = lastTime + ttl;
  return (maxAge > 0 ? Math.min(idleEnd, createdAt + maxAge) : idleEnd) - now;
}

/** What `get` gives: the read that it was is not counted yet. */
export function replyToGet<Data>(session: CoreSession): Session<Data> {
  return describe<Data>(session, session.reads, session.lastTime, session.previousTime);
}

/** What `set` gives: no read, and a write that is counted. */
export function replyToSet<Data>(session: CoreSession): Session<Data> {
  return describe<Data>(session, session.reads + 1, session.lastTime, session.previousTime);
}

/** What lists give, at that time. */
export function listed<Data>(session: CoreSession, now: number): ListedSession<Data> {
  return { ...describe<Data>(session, session.reads + 1, now, session.lastTime), handle: session.id };
}

/** Theirs count from 1, ours from 0. */
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

/** Its shape is the caller's word: what was kept under another one comes back as it was kept. */
function dataOf<Data>(session: CoreSession): Data | undefined {
  const attributes = session.getAllAttr();
  for (const _key in attributes) return attributes as Data;
  return undefined;
}
