import { boundLimit, type Database, type Row, type Statement } from '../driver/database.js';
import { storable } from './any-text.js';
import { DamagedRow } from './damaged-row.js';
import {
  type ContactValues,
  contactChecksum,
  type DamagedSession,
  damagedSession,
  type SessionValues,
  type StoredSession,
  sessionChecksum,
  storedSession,
} from './stored-session.js';

// `storedSession` reads the columns in this order. Their names are unique across both tables, for drivers that return rows
// as objects.
const both = `
  s.key, s.app, s.id, s.account, s.secret_hash, s.generation, s.created_at, s.max_age, s.ip, s.user_agent, s.amendments, s.attributes,
  s.writes,
  s.checksum AS session_checksum, c.last_time, c.last_contact, c.ttl, c.reads, c.due_at, c.silent_at, c.parked,
  c.retained, c.mailbox, c.checksum AS contact_checksum`;
const sessionFirst = `SELECT ${both}, c.version FROM session s CROSS JOIN contact c ON c.key = s.key`;
const contactFirst = `SELECT ${both}, c.version FROM contact c CROSS JOIN session s ON s.key = c.key`;

/** The statements on the tables `session` and `contact`. Those that return several sessions leave out damaged ones. */
export class SessionRows {
  readonly #onDamaged: (damaged: DamagedSession, error: DamagedRow) => void;
  readonly #byId: Statement;
  readonly #byKey: Statement;
  readonly #version: Statement;
  readonly #byAccount: Statement;
  readonly #countByAccount: Statement;
  readonly #page: Statement;
  readonly #count: Statement;
  readonly #countPresence: Statement;
  readonly #due: Statement;
  readonly #silent: Statement;
  readonly #insertSession: Statement;
  readonly #insertContact: Statement;
  readonly #updateSession: Statement;
  readonly #updateContact: Statement;
  readonly #moveContact: Statement;
  readonly #deleteSession: Statement;
  readonly #deleteContact: Statement;

  /** @param onDamaged called for each damaged session that is met. Must not throw */
  constructor(database: Database, onDamaged: (damaged: DamagedSession, error: DamagedRow) => void) {
    this.#onDamaged = onDamaged;
    const prepare = (sql: string) => database.prepare(sql);
    this.#byId = prepare(`${sessionFirst} WHERE s.app = ? AND s.id = ?`);
    this.#byKey = prepare(`${contactFirst} WHERE c.key = ?`);
    this.#version = prepare('SELECT version FROM contact WHERE key = ?');
    this.#byAccount = prepare(`${sessionFirst} WHERE s.app = ? AND s.account = ? ORDER BY s.key`);
    this.#countByAccount = prepare('SELECT count(*) FROM session WHERE app = ? AND account = ?');
    this.#page = prepare(`${sessionFirst} WHERE s.app = ? AND s.id > ? ORDER BY s.id ${boundLimit}`);
    // The index has both columns, so that no row of the table is read.
    this.#count = prepare(
      `SELECT count(*), max(id) FROM (SELECT id FROM session WHERE app = ? AND id > ? ORDER BY id ${boundLimit})`,
    );
    // The columns are before the mailbox, so that no overflow page of a large mailbox is read.
    this.#countPresence = prepare(
      `SELECT count(*), count(silent_at), max(key) FROM (SELECT key, silent_at FROM contact WHERE key > ? ORDER BY key ${boundLimit})`,
    );
    this.#due = prepare(`${contactFirst} WHERE c.due_at <= ? ORDER BY c.due_at ${boundLimit}`);
    this.#silent = prepare(`${contactFirst} WHERE c.silent_at <= ? ORDER BY c.silent_at ${boundLimit}`);
    this.#insertSession = prepare(
      `INSERT INTO session (app, id, account, secret_hash, generation, created_at, max_age, ip, user_agent, amendments, attributes, writes, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertContact = prepare(
      `INSERT INTO contact (last_time, last_contact, ttl, reads, due_at, silent_at, parked, retained, mailbox, checksum, key, version)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#updateSession = prepare(
      'UPDATE session SET secret_hash = ?, generation = ?, amendments = ?, attributes = ?, writes = ?, checksum = ? WHERE key = ?',
    );
    // The statement sets no indexed column, so that SQLite does not access an index.
    this.#updateContact = prepare(
      `UPDATE contact SET last_time = ?, last_contact = ?, ttl = ?, reads = ?, parked = ?, retained = ?, mailbox = ?, checksum = ?,
       version = version + 1 WHERE key = ?`,
    );
    this.#moveContact = prepare(
      `UPDATE contact SET last_time = ?, last_contact = ?, ttl = ?, reads = ?, due_at = ?, silent_at = ?, parked = ?, retained = ?, mailbox = ?, checksum = ?,
       version = version + 1 WHERE key = ?`,
    );
    this.#deleteSession = prepare('DELETE FROM session WHERE key = ?');
    this.#deleteContact = prepare('DELETE FROM contact WHERE key = ?');
  }

  /** @throws DamagedRow */
  find(app: string, id: string): StoredSession | undefined {
    const row = this.#byId.get(app, id);
    if (row === undefined) return undefined;
    const stored = this.#decoded(row);
    if (stored.session.id !== id || stored.session.app !== app) throw new DamagedRow('session', 'is not in its place');
    return stored;
  }

  /**
   * Cheaper than `find`, which searches an index: no page of the index is cached after a commit of another process.
   * Returns `undefined` also for a damaged session: it may be another one, which got the key later.
   */
  withKey(key: number): StoredSession | undefined {
    const row = this.#byKey.get(key);
    try {
      return row === undefined ? undefined : storedSession(row);
    } catch (error) {
      if (error instanceof DamagedRow) return undefined;
      throw error;
    }
  }

  /** Returns the version of the session with that key, or `undefined` if there is none. */
  versionOf(key: number): number | undefined {
    const version = this.#version.get(key)?.[0];
    return typeof version === 'number' ? version : undefined;
  }

  ofAccount(app: string, accountId: string): readonly StoredSession[] {
    const found = this.#wholeOf(this.#byAccount.all(app, accountId));
    return found.filter(({ session }) => session.accountId === accountId && session.app === app);
  }

  countOfAccount(app: string, accountId: string): number {
    return Number(this.#countByAccount.get(app, accountId)?.[0]);
  }

  /**
   * Returns at least one session, unless none follows.
   * @param after an id; `''` to start at the beginning
   */
  page(app: string, after: string, limit: number): { readonly sessions: StoredSession[]; readonly areRest: boolean } {
    for (let most = limit; ; most *= 2) {
      const rows = this.#page.all(app, after, most + 1);
      const areRest = rows.length <= most;
      // A walk goes on after the last id, so that it would never end if a damaged index had an id in a wrong place.
      const sessions = this.#wholeOf(rows.slice(0, most)).filter(({ session }) => {
        return session.id > after && session.app === app;
      });
      if (areRest && sessions.length <= limit) return { sessions, areRest };
      if (sessions.length > 0) return { sessions: sessions.slice(0, limit), areRest: false };
    }
  }

  /**
   * Counts the next sessions, at most `limit`.
   * @param after an id; `''` to start at the beginning
   * @returns the count, and as `last` the id of the last session counted, or `undefined` if there is none
   */
  count(app: string, after: string, limit: number): { readonly count: number; readonly last: string | undefined } {
    const [count, last] = this.#count.get(app, after, limit) ?? [];
    return { count: Number(count), last: typeof last === 'string' ? last : undefined };
  }

  /**
   * Counts the next sessions of all apps, at most `limit`.
   * @param after a key; 0 to start at the beginning
   * @returns the count, how many of them are reported online, and the key of the last one, or 0 if there is none
   */
  countPresence(
    after: number,
    limit: number,
  ): { readonly count: number; readonly online: number; readonly last: number } {
    const [count, online, last] = this.#countPresence.get(after, limit) ?? [];
    return { count: Number(count), online: Number(online), last: Number(last) };
  }

  due(now: number, limit: number): readonly StoredSession[] {
    return this.#wholeOf(this.#due.all(now, limit));
  }

  silent(now: number, limit: number): readonly StoredSession[] {
    return this.#wholeOf(this.#silent.all(now, limit));
  }

  /** @returns the key of the session */
  insert(session: SessionValues, contact: ContactValues, version: number): number {
    const { app, id, accountId, secretHash, generation, createdAt, maxAge, ip, userAgent } = session;
    const { amendments, attributes, writes } = session;
    const sum = sessionChecksum(session);
    const agent = storable(userAgent);
    const key = this.#insertSession.insert(
      app,
      id,
      accountId,
      secretHash,
      generation,
      createdAt,
      maxAge,
      ip,
      agent,
      amendments,
      attributes,
      writes,
      sum,
    );
    const { lastTime, lastContact, ttl, reads, dueAt, silentAt, parked, retained, mailbox } = contact;
    const contactSum = contactChecksum(key, session, contact);
    this.#insertContact.run(
      lastTime,
      lastContact,
      ttl,
      reads,
      dueAt,
      silentAt,
      parked,
      retained,
      mailbox,
      contactSum,
      key,
      version,
    );
    return key;
  }

  /** Must be followed by `updateContact`, whose new version shows the change to other processes. */
  updateSession(key: number, session: SessionValues): void {
    const { secretHash, generation, amendments, attributes, writes } = session;
    this.#updateSession.run(secretHash, generation, amendments, attributes, writes, sessionChecksum(session), key);
  }

  /**
   * @param moves whether `dueAt` or `silentAt` changed
   * @throws DamagedRow when there is no such row
   */
  updateContact(key: number, session: SessionValues, contact: ContactValues, moves: boolean): void {
    const { lastTime, lastContact, ttl, reads, dueAt, silentAt, parked, retained, mailbox } = contact;
    const sum = contactChecksum(key, session, contact);
    const changed = moves
      ? this.#moveContact.run(lastTime, lastContact, ttl, reads, dueAt, silentAt, parked, retained, mailbox, sum, key)
      : this.#updateContact.run(lastTime, lastContact, ttl, reads, parked, retained, mailbox, sum, key);
    // A damaged page can lack rows without an error of SQLite.
    if (changed === 0) throw new DamagedRow('contact', 'is missing');
  }

  delete(key: number): void {
    this.#deleteSession.run(key);
    this.#deleteContact.run(key);
  }

  #wholeOf(rows: readonly Row[]): StoredSession[] {
    const whole: StoredSession[] = [];
    for (const row of rows) {
      try {
        whole.push(this.#decoded(row));
      } catch (error) {
        if (!(error instanceof DamagedRow)) throw error;
      }
    }
    return whole;
  }

  /**
   * A value of an index by which the row was found takes the place of the row's own. If only the index is damaged, the row
   * found by its key is whole.
   */
  #decoded(row: Row): StoredSession {
    try {
      return storedSession(row);
    } catch (error) {
      if (!(error instanceof DamagedRow)) throw error;
      const whole = this.withKey(Number(row[0]));
      if (whole !== undefined) return whole;
      this.#onDamaged(damagedSession(row), error);
      throw error;
    }
  }
}
