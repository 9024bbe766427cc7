import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import type { SessionEntry } from './tables.js';

type Rules = Pick<SessionContext, 'pollRenews'>;

/** Whether the idle clock of the session runs. With `pollRenews`, a parked reader is lasting activity, and stops it. */
export function idles(entry: SessionEntry, { pollRenews }: Rules): boolean {
  return !pollRenews || !entry.isParked;
}

/** Returns the reason why the session is dead, or `undefined` while it is live. */
export function deadReason(entry: SessionEntry, now: number, rules: Rules): CloseReason | undefined {
  const idleDeadline = idles(entry, rules) ? entry.lastTime + entry.ttl : Number.POSITIVE_INFINITY;
  const ageDeadline = ageDeadlineOf(entry);
  if (now < idleDeadline && now < ageDeadline) return undefined;
  return idleDeadline <= ageDeadline ? 'expired' : 'max-age';
}

/**
 * Returns the earliest time at which the session can expire, whatever its readers do. Tables report the session as due
 * from this time on. They need not be updated when a parked reader postpones the end of the session.
 */
export function deadlineOf(entry: SessionEntry): number {
  return Math.min(entry.lastTime + entry.ttl, ageDeadlineOf(entry));
}

/** Whether the session had activity within `within` milliseconds. With `pollRenews`, a parked reader is activity. */
export function isActiveWithin(entry: SessionEntry, now: number, within: number, rules: Rules): boolean {
  return !idles(entry, rules) || now - entry.lastTime <= within;
}

function ageDeadlineOf({ createdAt, maxAge }: SessionEntry): number {
  return maxAge === 0 ? Number.POSITIVE_INFINITY : createdAt + maxAge;
}
