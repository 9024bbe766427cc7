import type { SessionContext } from '../../../context/session-context.js';
import { invalidArgument } from '../../../errors/session-error.js';
import type {
  EntryCount,
  EntryPage,
  PresenceCount,
  SessionEntry,
  SessionTables,
  Tombstone,
} from '../../../store/engine/tables.js';
import type { NewSession } from '../../../store/session-record.js';
import { isSessionId } from '../../../store/session-token.js';
import type { Database } from '../driver/database.js';
import { Damage } from './damage.js';
import type { EntryStorage, FoundBy } from './entry-storage.js';
import type { History } from './history.js';
import { KnownSession, KnownSessions } from './known-sessions.js';
import { MessageRows } from './message-rows.js';
import { RowEntry } from './row-entry.js';
import { SessionRows } from './session-rows.js';
import type { DamagedSession, StoredSession } from './stored-session.js';
import { TombstoneRows } from './tombstone-rows.js';

/** Number of index entries, or of rows, counted in one step: takes about half a millisecond. */
const countStep = 2_000;

/**
 * The tables of a session engine in a SQLite database. Statements are prepared once, here. Every call is part of a
 * transaction that the caller began.
 */
export class SqliteTables implements SessionTables {
  readonly #storage: EntryStorage;
  readonly #sessions: SessionRows;
  readonly #messages: MessageRows;
  readonly #tombstones: TombstoneRows;
  readonly #known = new KnownSessions();
  readonly damage = new Damage();

  /** @param database with the tables of `sessionSchema` */
  constructor(database: Database, history: History, { hbGrace }: Pick<SessionContext, 'hbGrace'>) {
    this.#sessions = new SessionRows(database, (damaged, error) => this.damage.note(damaged, error));
    this.#tombstones = new TombstoneRows(database);
    this.#messages = new MessageRows(database, (key, error) => this.damage.noteMessage(key, error));
    this.#storage = { sessions: this.#sessions, messages: this.#messages, known: this.#known, history, hbGrace };
  }

  find(app: string, id: string): SessionEntry | undefined {
    const known = this.#known.get(app, id);
    if (known !== undefined && this.#known.isCurrent(known)) return RowEntry.ofKnown(this.#storage, known);
    const key = known?.stored.key;
    const version = key === undefined ? undefined : this.#sessions.versionOf(key);
    if (known !== undefined && version === known.stored.version) {
      this.#known.confirm(known);
      return RowEntry.ofKnown(this.#storage, known);
    }
    const stored = this.#read(app, id, version === undefined ? undefined : key);
    if (stored === undefined) return undefined;
    const found = new KnownSession(stored);
    this.#known.put(found);
    return RowEntry.ofKnown(this.#storage, found);
  }

  /** @param key the key of the known session, if a session with that key still exists */
  #read(app: string, id: string, key: number | undefined): StoredSession | undefined {
    const stored = key === undefined ? undefined : this.#sessions.withKey(key);
    // After the session that was created last has ended, a new session may reuse its key.
    const isIt = stored?.session.id === id && stored.session.app === app;
    return isIt ? stored : this.#sessions.find(app, id);
  }

  /** @param dataVersion see `KnownSessions.begin` */
  begun(dataVersion: unknown): void {
    this.#known.begin(dataVersion);
  }

  /** Drops all known sessions, which may include changes of the transaction that was rolled back. */
  rolledBack(): void {
    this.#known.clear();
  }

  add(session: NewSession, now: number): SessionEntry {
    return RowEntry.create(this.#storage, session, now);
  }

  ofAccount(app: string, accountId: string): readonly SessionEntry[] {
    return this.#entries(this.#sessions.ofAccount(app, accountId));
  }

  countOfAccount(app: string, accountId: string): number {
    return this.#sessions.countOfAccount(app, accountId);
  }

  page(app: string, after: string | undefined, most: number): EntryPage {
    if (after !== undefined && !isSessionId(after)) {
      throw invalidArgument('cursor', 'must be the cursor of a page', after);
    }
    const { sessions, areRest } = this.#sessions.page(app, after ?? '', most);
    return { entries: this.#entries(sessions), end: areRest ? undefined : sessions.at(-1)?.session.id };
  }

  count(app: string, after: string | undefined): EntryCount {
    const { count, last } = this.#sessions.count(app, after ?? '', countStep);
    return { count, end: count === countStep ? last : undefined };
  }

  /** Counts rows by key, because a session moves in the index of silence. */
  countPresence(after: string | undefined): PresenceCount {
    const { count, online, last } = this.#sessions.countPresence(after === undefined ? 0 : Number(after), countStep);
    return { count, online, end: count === countStep ? String(last) : undefined };
  }

  due(now: number, most: number): Iterable<SessionEntry> {
    // The damaged sessions among them keep their places, and must not take those of the others.
    return this.#entries(this.#sessions.due(now, most + this.damage.count).slice(0, most), 'due');
  }

  silent(contactedBefore: number, most: number): Iterable<SessionEntry> {
    const limit = most + this.damage.count;
    return this.#entries(
      this.#sessions.silent(contactedBefore + this.#storage.hbGrace, limit).slice(0, most),
      'silent',
    );
  }

  tombstone(app: string, id: string): Tombstone | undefined {
    return this.#tombstones.find(app, id);
  }

  bury(app: string, id: string, tombstone: Tombstone): void {
    this.#tombstones.put(app, id, tombstone);
  }

  dropTombstones(now: number, most: number): boolean {
    return this.#tombstones.drop(now, most) === most;
  }

  /** Deletes a damaged session. */
  drop({ key }: DamagedSession): void {
    this.#sessions.delete(key);
    this.#messages.deleteAll(key);
    // Its id may be damaged, too.
    this.#known.clear();
    this.damage.forget(key);
  }

  #entries(stored: readonly StoredSession[], foundBy?: FoundBy): readonly RowEntry[] {
    return stored.map((each) => new RowEntry(this.#storage, each, foundBy));
  }
}
