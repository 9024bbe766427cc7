/**
 * What a column holds. Whole numbers come back as numbers, so nothing beyond 2^53 may be stored. Text must not contain
 * U+0000, at which the libraries cut it, nor half a surrogate pair: JSON text has neither.
 */
export type SqlValue = string | number | null | Uint8Array;

/** A row's values in the order of the columns that were asked for. Name every column: `SELECT *` has no fixed order. */
export type Row = readonly SqlValue[];

/**
 * `LIMIT` for a bound number. After a bare `LIMIT ?` SQLite compiles the statement anew whenever another
 * value may have been bound, that is at each execution: it lets the number decide on the plan. That took ten times as
 * long as the execution.
 */
export const boundLimit = 'LIMIT ? + 0';

/** A prepared statement. Prepare it once and keep it; parameters are bound by position (`?`). */
export interface Statement {
  /**
   * Executes a statement that returns no rows.
   * @returns how many rows it inserted, changed or deleted
   * @throws SqliteFault
   */
  run(...parameters: readonly SqlValue[]): number;

  /**
   * Executes a statement that inserts one row.
   * @returns its `rowid`
   * @throws SqliteFault
   */
  insert(...parameters: readonly SqlValue[]): number;

  /**
   * The first row; `undefined` when there is none.
   * @throws SqliteFault
   */
  get(...parameters: readonly SqlValue[]): Row | undefined;

  /**
   * All rows. Bound them with `LIMIT`: they are all in memory.
   * @throws SqliteFault
   */
  all(...parameters: readonly SqlValue[]): readonly Row[];
}

/**
 * One connection to a database file: all that this store needs of a SQLite library. Every method is synchronous and
 * never waits for a lock: a busy database is a `SqliteFault` for which `isBusy` holds.
 */
export interface Database {
  /**
   * @throws SqliteFault also when the statement does not fit the schema
   */
  prepare(sql: string): Statement;

  /**
   * Executes statements that have no parameters and whose rows, if any, are not needed.
   * @throws SqliteFault
   */
  exec(sql: string): void;

  /** Releases the file. Statements of it can't be used any more. Closing it twice does nothing. */
  close(): void;
}

/** A SQLite library that was found. */
export interface Driver {
  /** The name of the module: `node:sqlite` or `@photostructure/sqlite`. */
  readonly name: string;
  /** The same value for as long as the same loaded copy of the library is meant; for comparison only. */
  readonly library: unknown;

  /**
   * Opens the file, and creates it where it is missing.
   * @throws SqliteFault
   */
  open(path: string): Database;
}
