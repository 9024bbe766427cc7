import type { CloseReason } from '../../errors/close-reason.js';
import type { ClosedSession, SessionRecord } from '../session-record.js';
import { isActiveWithin } from './deadlines.js';
import type { SessionRules } from './session-rules.js';
import type { SessionEntry } from './tables.js';

/** One step of a walk over an app's sessions. */
export interface AppStep<Item> {
  readonly items: readonly Item[];
  /** The `after` of the next step; `undefined` at the end. */
  readonly next: string | undefined;
}

/** Operations on all sessions of an app: step by step, so that none blocks the event loop for long. */
export class AppOperations {
  readonly #rules: SessionRules;

  constructor(rules: SessionRules) {
    this.#rules = rules;
  }

  /** At most `limit` records, of sessions with activity within so many milliseconds; `undefined` for all. */
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

  /** How many entries come next: live ones, and those that have expired and were not swept yet. */
  count(app: string, after: string | undefined): AppStep<number> {
    const { count, end } = this.#rules.tables.count(app, after);
    return { items: [count], next: end };
  }

  /** The accounts of the sessions with activity within so many milliseconds; one may be given several times. */
  activeAccounts(app: string, after: string | undefined, within: number, steps: number, now: number): AppStep<string> {
    return this.#walk(app, after, steps, now, (entry) => {
      return this.#isActive(entry, within, now) ? entry.accountId : undefined;
    });
  }

  end(app: string, after: string | undefined, reason: CloseReason, steps: number, now: number): AppStep<ClosedSession> {
    return this.#walk(app, after, steps, now, (entry) => this.#rules.close(entry, reason, now));
  }

  /** What `visit` makes of each live session among the next entries, where it makes something of it. */
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
