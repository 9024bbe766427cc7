import type { ClosedSession, SessionReference } from '../session-record.js';
import type { Slice } from '../session-store.js';
import { idles } from './deadlines.js';
import type { SessionRules } from './session-rules.js';

/** Number of entries that one slice may examine in addition to those that it reports: their deadline was postponed. */
const extraSteps = 200;

/**
 * Work that becomes due only by the passage of time: deletes expired sessions and tombstones, and reports silent
 * sessions as away.
 */
export class DueWork {
  readonly #rules: SessionRules;

  constructor(rules: SessionRules) {
    this.#rules = rules;
  }

  sweep(limit: number, now: number): Slice<ClosedSession> {
    const { tables } = this.#rules;
    const items: ClosedSession[] = [];
    const most = limit + extraSteps;
    let looked = 0;
    for (const entry of tables.due(now, most)) {
      if (items.length === limit || looked === most) return { items, more: true };
      looked += 1;
      if (this.#rules.isShared) this.#rules.releaseOverdue(entry, now);
      const reason = this.#rules.deadReason(entry, now);
      if (reason !== undefined) {
        items.push(this.#rules.close(entry, reason, now));
        continue;
      }
      // A parked reader is lasting activity: examine the session again one idle time later.
      if (!idles(entry, this.#rules.context)) this.#rules.activity(entry, now);
      entry.save();
    }
    const hasMoreTombstones = tables.dropTombstones(now, limit);
    return { items, more: looked === most || hasMoreTombstones };
  }

  judgePresence(limit: number, now: number): Slice<SessionReference> {
    const { hbGrace } = this.#rules.context;
    const items: SessionReference[] = [];
    const most = limit + extraSteps;
    let looked = 0;
    for (const entry of this.#rules.tables.silent(now - hbGrace, most)) {
      if (items.length === limit || looked === most) return { items, more: true };
      looked += 1;
      if (this.#rules.isShared) this.#rules.releaseOverdue(entry, now);
      // A parked reader is a lasting contact: examine the session again after another `hbGrace`.
      if (entry.isParked) this.#rules.contact(entry, now);
      const isSilent = now - entry.lastContact >= hbGrace;
      if (isSilent) entry.reportedOnline = false;
      entry.save();
      // The sweep reports the end of a session past its deadline.
      if (!isSilent || this.#rules.deadReason(entry, now) !== undefined) continue;
      const { app, id, accountId } = entry;
      items.push({ app, id, accountId });
    }
    return { items, more: looked === most };
  }
}
