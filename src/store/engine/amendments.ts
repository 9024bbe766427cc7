import { defaultLevel } from '../session-record.js';
import type { Amendments, SessionEntry } from './tables.js';

/** What applies to the session now, amended or not. */
export function amendmentsOf(entry: SessionEntry): Amendments {
  return (
    entry.amendments ?? {
      formerHash: '',
      authenticatedAt: entry.createdAt,
      level: defaultLevel,
      lastIp: entry.ip,
      lastUserAgent: entry.userAgent,
    }
  );
}

/** Does not save the entry. */
export function amend(entry: SessionEntry, changes: Partial<Amendments>): void {
  entry.amendments = { ...amendmentsOf(entry), ...changes };
}
