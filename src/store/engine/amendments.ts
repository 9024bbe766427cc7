import { defaultLevel } from '../session-record.js';
import type { Amendments, SessionEntry } from './tables.js';

/** Returns the current amendments of the session. Until there are any, returns the values of its creation. */
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
