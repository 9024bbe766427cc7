import { invalidArgument } from '../../errors/session-error.js';
import type {
  EntryCount,
  EntryPage,
  PresenceCount,
  SessionEntry,
  SessionTables,
  Tombstone,
} from '../../store/engine/tables.js';
import type { NewSession } from '../../store/session-record.js';
import { MemoryApp, type MemoryTotals } from './memory-app.js';

const noEntries: readonly SessionEntry[] = [];
const slotPattern = /^[0-9]{1,15}$/;

/** The tables of a session engine in memory, by app. */
export class MemoryTables implements SessionTables {
  readonly #apps = new Map<string, MemoryApp>();
  #totals: MemoryTotals = { sessions: 0, online: 0 };

  get apps(): Iterable<MemoryApp> {
    return this.#apps.values();
  }

  /** Returns the tables of the app. Creates them if they are missing. */
  of(app: string): MemoryApp {
    let found = this.#apps.get(app);
    if (found === undefined) {
      found = new MemoryApp(app, this.#totals);
      this.#apps.set(app, found);
    }
    return found;
  }

  clear(): void {
    this.#apps.clear();
    this.#totals = { sessions: 0, online: 0 };
  }

  find(app: string, id: string): SessionEntry | undefined {
    return this.#apps.get(app)?.get(id);
  }

  add(session: NewSession, now: number): SessionEntry {
    return this.of(session.app).add(session, now);
  }

  ofAccount(app: string, accountId: string): readonly SessionEntry[] {
    return this.#apps.get(app)?.accounts.entries(accountId) ?? noEntries;
  }

  countOfAccount(app: string, accountId: string): number {
    return this.#apps.get(app)?.accounts.count(accountId) ?? 0;
  }

  page(app: string, after: string | undefined, most: number): EntryPage {
    const first = after === undefined ? 0 : slotOf(after) + 1;
    const sessions = this.#apps.get(app);
    const slotCount = sessions?.slotCount ?? 0;
    const end = Math.min(first + most, slotCount);
    const entries: SessionEntry[] = [];
    for (let slot = first; slot < end; slot += 1) {
      const entry = sessions?.atSlot(slot);
      if (entry !== undefined) entries.push(entry);
    }
    return { entries, end: end < slotCount ? String(end - 1) : undefined };
  }

  /** Counts in a single step, because each app knows its size. */
  count(app: string): EntryCount {
    return { count: this.#apps.get(app)?.size ?? 0, end: undefined };
  }

  countPresence(): PresenceCount {
    const { sessions, online } = this.#totals;
    return { count: sessions, online, end: undefined };
  }

  *due(now: number): Iterable<SessionEntry> {
    for (const app of this.#apps.values()) yield* app.due(now);
  }

  *silent(contactedBefore: number): Iterable<SessionEntry> {
    for (const app of this.#apps.values()) yield* app.silent(contactedBefore);
  }

  tombstone(app: string, id: string): Tombstone | undefined {
    return this.#apps.get(app)?.tombstones.get(id);
  }

  bury(app: string, id: string, tombstone: Tombstone): void {
    this.of(app).bury(id, tombstone);
  }

  dropTombstones(now: number, most: number): boolean {
    let left = most;
    for (const app of this.#apps.values()) {
      left = app.dropTombstones(now, left);
      if (left === 0) return true;
      // Callers choose the names of apps: an app without sessions must not be kept for ever.
      if (app.isEmpty) this.#apps.delete(app.app);
    }
    return false;
  }
}

/**
 * Parses a page cursor, which a caller supplies. From a huge negative number or NaN, a walk would never reach the end.
 */
function slotOf(place: string): number {
  if (slotPattern.test(place)) return Number(place);
  throw invalidArgument('cursor', 'must be the cursor of a page', place);
}
