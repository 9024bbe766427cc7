import { boundLimit, type Database, type Statement } from '../driver/database.js';
import type { Notice } from './notice.js';

/**
 * The tables of the nodes that share the database, their inboxes, and the sweep reports that callers may not have
 * received yet. The notices of a transaction for another node are a row of that node's inbox. The same transaction
 * writes the row, so that no crash can separate the two.
 */
export const nodeSchema = `
CREATE TABLE node (
  name TEXT PRIMARY KEY,
  beat INTEGER NOT NULL, -- increases while the node is alive
  watches INTEGER NOT NULL -- 1: receives changes of sessions; -1: abandoned, part of its inbox is deleted
) WITHOUT ROWID;
CREATE TABLE inbox (
  node TEXT NOT NULL,
  number INTEGER NOT NULL, -- increases over all nodes, and is never reused
  notices TEXT NOT NULL, -- JSON: the notices of one transaction
  PRIMARY KEY (node, number)
) WITHOUT ROWID;
CREATE TABLE report (
  node TEXT NOT NULL,
  number INTEGER NOT NULL,
  closed TEXT NOT NULL, -- JSON
  PRIMARY KEY (node, number)
) WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES ('notice', 0);
`;

/** `notice`: the number of the latest row of any inbox. `boot`, `clock`, `time`: see `SharedClock`. */
export type CounterName = 'notice' | 'boot' | 'clock' | 'time';

/** Maximum number of rows of an inbox deleted in one step: takes a few milliseconds. */
const mostDeleted = 200;

/** A row of an inbox. `notices` is `undefined` if the row is damaged and can't be read. */
export type NoticeRow = readonly [number: number, notices: readonly Notice[] | undefined];

/** The statements on the tables of the nodes. */
export class NodeTables {
  readonly #upsertNode: Statement;
  readonly #beats: Statement;
  readonly #watching: Statement;
  readonly #hasNode: Statement;
  readonly #deleteNode: Statement;
  readonly #count: Statement;
  readonly #setCount: Statement;
  readonly #insertNotices: Statement;
  readonly #notices: Statement;
  readonly #deleteNotices: Statement;
  readonly #deleteSomeNotices: Statement;
  readonly #unwatch: Statement;
  readonly #insertReport: Statement;
  readonly #reports: Statement;
  readonly #deleteReport: Statement;

  constructor(database: Database) {
    this.#upsertNode = database.prepare(
      'INSERT INTO node (name, beat, watches) VALUES (?, 0, ?) ON CONFLICT DO UPDATE SET beat = beat + 1, watches = excluded.watches',
    );
    this.#beats = database.prepare('SELECT name, beat FROM node');
    this.#watching = database.prepare('SELECT name FROM node WHERE watches = 1');
    this.#hasNode = database.prepare('SELECT 1 FROM node WHERE name = ? AND watches >= 0');
    this.#deleteNode = database.prepare('DELETE FROM node WHERE name = ?');
    this.#count = database.prepare('SELECT value FROM counter WHERE name = ?');
    this.#setCount = database.prepare('INSERT OR REPLACE INTO counter VALUES (?, ?)');
    this.#insertNotices = database.prepare('INSERT INTO inbox (node, number, notices) VALUES (?, ?, ?)');
    this.#notices = database.prepare(
      `SELECT number, notices FROM inbox WHERE node = ? AND number > ? ORDER BY number ${boundLimit}`,
    );
    this.#deleteNotices = database.prepare('DELETE FROM inbox WHERE node = ? AND number <= ?');
    this.#deleteSomeNotices = database.prepare(
      `DELETE FROM inbox WHERE node = ? AND number IN (SELECT number FROM inbox WHERE node = ? ORDER BY number ${boundLimit})`,
    );
    this.#unwatch = database.prepare('UPDATE node SET watches = -1 WHERE name = ?');
    this.#insertReport = database.prepare('INSERT OR REPLACE INTO report (node, number, closed) VALUES (?, ?, ?)');
    this.#reports = database.prepare(`SELECT node, number, closed FROM report ORDER BY node, number ${boundLimit}`);
    this.#deleteReport = database.prepare('DELETE FROM report WHERE node = ? AND number = ?');
  }

  /** Creates the node's row, or increments its beat to show that the node lives. */
  attend(node: string, watches: boolean): void {
    this.#upsertNode.run(node, watches ? 1 : 0);
  }

  beats(): readonly (readonly [node: string, beat: number])[] {
    return this.#beats.all().map(([name, beat]) => [String(name), Number(beat)]);
  }

  watchingNodes(): readonly string[] {
    return this.#watching.all().map(([name]) => String(name));
  }

  /** Whether the node has a row and was not given up. */
  has(node: string): boolean {
    return this.#hasNode.get(node) !== undefined;
  }

  /**
   * Deletes the node with its inbox. Its reports stay. If the inbox is large, deletes a part of it and marks the node
   * as given up; later calls delete the rest.
   */
  forget(node: string): void {
    if (this.#deleteSomeNotices.run(node, node, mostDeleted) < mostDeleted) this.#deleteNode.run(node);
    else this.#unwatch.run(node);
  }

  /** Deletes the node with its whole inbox, as its own process does when it leaves. */
  leave(node: string): void {
    this.deleteNoticesUntil(node, Number.MAX_SAFE_INTEGER);
    this.#deleteNode.run(node);
  }

  /** The number of the latest row of any inbox. */
  latestNumber(): number {
    return this.count('notice');
  }

  setLatestNumber(number: number): void {
    this.setCount('notice', number);
  }

  /** Returns the value of the counter; 0 if it was never set. */
  count(name: CounterName): number {
    return Number(this.#count.get(name)?.[0] ?? 0);
  }

  setCount(name: CounterName, value: number): void {
    this.#setCount.run(name, value);
  }

  addNotices(node: string, number: number, notices: readonly Notice[]): void {
    this.#insertNotices.run(node, number, JSON.stringify(notices));
  }

  /** @param most maximum number of rows */
  noticesAfter(node: string, number: number, most: number): readonly NoticeRow[] {
    // `addNotices` of the same version wrote the rows: other versions refuse to open the database.
    return this.#notices.all(node, number, most).map(([each, notices]) => [Number(each), noticesOf(String(notices))]);
  }

  deleteNoticesUntil(node: string, number: number): void {
    this.#deleteNotices.run(node, number);
  }

  setReport(node: string, number: number, closed: string): void {
    this.#insertReport.run(node, number, closed);
  }

  reports(most: number): readonly (readonly [node: string, number: number, closed: string])[] {
    return this.#reports.all(most).map(([node, number, closed]) => [String(node), Number(number), String(closed)]);
  }

  deleteReport(node: string, number: number): void {
    this.#deleteReport.run(node, number);
  }
}

function noticesOf(text: string): readonly Notice[] | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
