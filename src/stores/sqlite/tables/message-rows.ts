import { Message } from '../../../mailbox/message.js';
import { boundLimit, type Database, type Row, type Statement } from '../driver/database.js';
import { checksumOf } from './checksum.js';
import { DamagedRow } from './damaged-row.js';

const columns = 'offset, at, bytes, key, json, checksum';

/**
 * The messages of the mailboxes that have outgrown their row, by the session's key. Damaged messages are left out, as if
 * their rows were missing.
 */
export class MessageRows {
  readonly #onDamaged: (session: number, error: DamagedRow) => void;
  readonly #insert: Statement;
  readonly #beyond: Statement;
  readonly #withKey: Statement;
  readonly #newest: Statement;
  readonly #pushedUntil: Statement;
  readonly #delete: Statement;
  readonly #deleteAll: Statement;

  /** @param onDamaged called for each damaged message that is met. Must not throw */
  constructor(database: Database, onDamaged: (session: number, error: DamagedRow) => void) {
    this.#onDamaged = onDamaged;
    this.#insert = database.prepare(`INSERT INTO message (session, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#beyond = database.prepare(
      `SELECT ${columns} FROM message WHERE session = ? AND offset > ? ORDER BY offset ${boundLimit}`,
    );
    this.#withKey = database.prepare(`SELECT ${columns} FROM message WHERE session = ? AND key = ?`);
    this.#newest = database.prepare('SELECT at FROM message WHERE session = ? ORDER BY offset DESC LIMIT 1');
    this.#pushedUntil = database.prepare(
      `SELECT ${columns} FROM message WHERE session = ? AND at <= ? ORDER BY offset`,
    );
    this.#delete = database.prepare('DELETE FROM message WHERE session = ? AND offset = ?');
    this.#deleteAll = database.prepare('DELETE FROM message WHERE session = ?');
  }

  add(session: number, message: Message): void {
    const { offset, at, bytes, json } = message;
    const key = message.key ?? null;
    const sum = checksumOf(session, offset, at, bytes, key, json);
    this.#insert.run(session, offset, at, bytes, key, json, sum);
  }

  /** Returns the messages after that offset, oldest first. */
  beyond(session: number, offset: number, limit: number): Message[] {
    for (let most = limit; ; most *= 2) {
      const rows = this.#beyond.all(session, offset, most);
      const whole = this.#wholeOf(session, rows);
      if (whole.length >= limit || rows.length < most) return whole.slice(0, limit);
    }
  }

  withKey(session: number, key: string): Message | undefined {
    const row = this.#withKey.get(session, key);
    return row === undefined ? undefined : this.#wholeOf(session, [row])[0];
  }

  /** Returns the time at which the newest message was pushed; 0 if there is none. */
  newestTime(session: number): number {
    return Number(this.#newest.get(session)?.[0] ?? 0);
  }

  pushedUntil(session: number, time: number): Message[] {
    return this.#wholeOf(session, this.#pushedUntil.all(session, time));
  }

  delete(session: number, offset: number): void {
    this.#delete.run(session, offset);
  }

  deleteAll(session: number): void {
    this.#deleteAll.run(session);
  }

  #wholeOf(session: number, rows: readonly Row[]): Message[] {
    const whole: Message[] = [];
    for (const row of rows) {
      const message = messageOf(session, row);
      if (message === undefined) this.#onDamaged(session, new DamagedRow('message'));
      else whole.push(message);
    }
    return whole;
  }
}

/** Returns `undefined` for a damaged row. */
function messageOf(session: number, [offset, at, bytes, key, json, sum]: Row): Message | undefined {
  const isWhole =
    typeof offset === 'number' &&
    typeof at === 'number' &&
    typeof bytes === 'number' &&
    typeof json === 'string' &&
    (key === null || typeof key === 'string');
  if (!isWhole || checksumOf(session, offset, at, bytes, key, json) !== sum) return undefined;
  return new Message(offset, at, { json, bytes, key: key ?? undefined });
}
