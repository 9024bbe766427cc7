import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import type { SessionEntry } from './tables.js';

type Rules = Pick<SessionContext, 'pollRenews'>;

/** Whether the idle clock of the session runs: where polling is activity, a parked reader is activity that lasts. */
export function idles(entry: SessionEntry, { pollRenews }: Rules): boolean {
  return !pollRenews || !entry.isParked;
}

/** Why the session is dead, or `undefined` while it lives. */
export function deadReason(entry: SessionEntry, now: number, rules: Rules): CloseReason | undefined {
  const idleDeadline = idles(entry, rules) ? entry.lastTime + entry.ttl : Number.POSITIVE_INFINITY;
  const ageDeadline = ageDeadlineOf(entry);
  if (now < idleDeadline && now < ageDeadline) return undefined;
  return idleDeadline <= ageDeadline ? 'expired' : 'max-age';
}

/**
 * The session does not expire before this time, whatever its readers do. Tables look for it from then on, and need not
 * be told when a parked reader puts its end off.
 */
export function deadlineOf(entry: SessionEntry): number {
  return Math.min(entry.lastTime + entry.ttl, ageDeadlineOf(entry));
}

/** Whether the session had activity within that many milliseconds, a reader parked now being activity. */
export function isActiveWithin(entry: SessionEntry, now: number, within: number, rules: Rules): boolean {
  return !idles(entry, rules) || now - entry.lastTime <= within;
}

function ageDeadlineOf({ createdAt, maxAge }: SessionEntry): number {
  return maxAge === 0 ? Number.POSITIVE_INFINITY : createdAt + maxAge;
}
