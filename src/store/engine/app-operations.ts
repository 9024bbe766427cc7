import type { CloseReason } from '../../errors/close-reason.js';
import type { ClosedSession, SessionRecord } from '../session-record.js';
import type { PresenceCounts } from '../session-store.js';
import { isActiveWithin } from './deadlines.js';
import type { SessionRules } from './session-rules.js';
import type { SessionEntry } from './tables.js';

/** One step of a walk over an app's sessions. */
export interface AppStep<Item> {
  readonly items: readonly Item[];
  /** The `after` of the next step; `undefined` at the end. */
  readonly next: string | undefined;
}

/**
 * Operations on all sessions of an app. They work step by step, so that no operation blocks the event loop for long.
 */
export class AppOperations {
  readonly #rules: SessionRules;

  constructor(rules: SessionRules) {
    this.#rules = rules;
  }

  /**
   * Returns at most `limit` records.
   * @param activeWithin milliseconds within which a session must have had activity; `undefined` for all sessions
   */
  list(
    app: string,
    after: string | undefined,
    limit: number,
    activeWithin: number | undefined,
    steps: number,
    now: number,
  ): AppStep<SessionRecord> {
    const page = this.#rules.tables.page(app, after, steps);
    const items: SessionRecord[] = [];
    for (const entry of page.entries) {
      if (!this.#isLive(entry, now) || !this.#isActive(entry, activeWithin, now)) continue;
      items.push(this.#rules.record(entry, now));
      if (items.length === limit) return { items, next: entry === page.entries.at(-1) ? page.end : entry.place };
    }
    return { items, next: page.end };
  }

  scan(app: string, after: string | undefined, size: number, now: number): AppStep<string> {
    return this.#walk(app, after, size, now, ({ id }) => id);
  }

  /** Counts the next entries: live sessions, and expired sessions that were not swept yet. */
  count(app: string, after: string | undefined): AppStep<number> {
    const { count, end } = this.#rules.tables.count(app, after);
    return { items: [count], next: end };
  }

  /** Counts the next entries of all apps, as `count` does, by the presence that was reported last. */
  countPresence(after: string | undefined): AppStep<PresenceCounts> {
    const { count, online, end } = this.#rules.tables.countPresence(after);
    return { items: [{ online, away: count - online }], next: end };
  }

  /** Returns the accounts of sessions with activity within `within` milliseconds. An account may appear repeatedly. */
  activeAccounts(app: string, after: string | undefined, within: number, steps: number, now: number): AppStep<string> {
    return this.#walk(app, after, steps, now, (entry) => {
      return this.#isActive(entry, within, now) ? entry.accountId : undefined;
    });
  }

  end(app: string, after: string | undefined, reason: CloseReason, steps: number, now: number): AppStep<ClosedSession> {
    return this.#walk(app, after, steps, now, (entry) => this.#rules.close(entry, reason, now));
  }

  /** Calls `visit` for each live session among the next entries, and returns the results other than `undefined`. */
  #walk<Item>(
    app: string,
    after: string | undefined,
    steps: number,
    now: number,
    visit: (entry: SessionEntry) => Item | undefined,
  ): AppStep<Item> {
    const { entries, end } = this.#rules.tables.page(app, after, steps);
    const items: Item[] = [];
    for (const entry of entries) {
      const item = this.#isLive(entry, now) ? visit(entry) : undefined;
      if (item !== undefined) items.push(item);
    }
    return { items, next: end };
  }

  #isLive(entry: SessionEntry, now: number): boolean {
    if (this.#rules.isShared) this.#rules.releaseOverdue(entry, now);
    return this.#rules.deadReason(entry, now) === undefined;
  }

  #isActive(entry: SessionEntry, within: number | undefined, now: number): boolean {
    return within === undefined || isActiveWithin(entry, now, within, this.#rules.context);
  }
}
