import { Message } from '../../../mailbox/message.js';
import { boundLimit, type Database, type Row, type Statement } from '../driver/database.js';
import { checksumOf } from './checksum.js';
import { DamagedRow } from './damaged-row.js';

const columns = 'offset, at, bytes, key, json, checksum';

/** The messages of the mailboxes that have outgrown their row, by the session's key. */
export class MessageRows {
  readonly #insert: Statement;
  readonly #beyond: Statement;
  readonly #withKey: Statement;
  readonly #newest: Statement;
  readonly #pushedUntil: Statement;
  readonly #delete: Statement;
  readonly #deleteAll: Statement;

  constructor(database: Database) {
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
    return this.#beyond.all(session, offset, limit).map((row) => messageOf(session, row));
  }

  withKey(session: number, key: string): Message | undefined {
    const row = this.#withKey.get(session, key);
    return row === undefined ? undefined : messageOf(session, row);
  }

  /** Returns the time at which the newest message was pushed; 0 if there is none. */
  newestTime(session: number): number {
    return Number(this.#newest.get(session)?.[0] ?? 0);
  }

  pushedUntil(session: number, time: number): Message[] {
    return this.#pushedUntil.all(session, time).map((row) => messageOf(session, row));
  }

  delete(session: number, offset: number): void {
    this.#delete.run(session, offset);
  }

  deleteAll(session: number): void {
    this.#deleteAll.run(session);
  }
}

function messageOf(session: number, [offset, at, bytes, key, json, sum]: Row): Message {
  const isWhole =
    typeof offset === 'number' &&
    typeof at === 'number' &&
    typeof bytes === 'number' &&
    typeof json === 'string' &&
    (key === null || typeof key === 'string');
  if (!isWhole || checksumOf(session, offset, at, bytes, key, json) !== sum) throw new DamagedRow('message');
  return new Message(offset, at, { json, bytes, key: key ?? undefined });
}
