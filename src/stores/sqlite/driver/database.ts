/**
 * The value of a column. Drivers return whole numbers as JavaScript numbers, so that nothing beyond 2^53 may be stored.
 * Text must contain neither U+0000, at which the libraries cut it, nor half a surrogate pair. JSON text has neither.
 */
export type SqlValue = string | number | null | Uint8Array;

/** A row's values in the order of the selected columns. Name every column: `SELECT *` has no fixed order. */
export type Row = readonly SqlValue[];

/**
 * `LIMIT` for a bound number. With a bare `LIMIT ?`, the query plan depends on the number, so that SQLite compiles the
 * statement again whenever another value may have been bound, that is, before each execution. That took ten times as
 * long as the execution.
 */
export const boundLimit = 'LIMIT ? + 0';

/** A prepared statement. Prepare it once and keep it; parameters are bound by position (`?`). */
export interface Statement {
  /**
   * Executes a statement that returns no rows.
   * @returns the number of rows that it inserted, changed or deleted
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
   * Returns the first row, or `undefined` if there is none.
   * @throws SqliteFault
   */
  get(...parameters: readonly SqlValue[]): Row | undefined;

  /**
   * Returns all rows. Limit their number with `LIMIT`: all of them are in memory at the same time.
   * @throws SqliteFault
   */
  all(...parameters: readonly SqlValue[]): readonly Row[];
}

/**
 * One connection to a database file: the part of a SQLite library that this store needs. Every method is synchronous
 * and never waits for a lock: if the database is busy, it throws a `SqliteFault` whose `isBusy` is true.
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

  /** Closes the connection. Its statements can't be used any more. A second call does nothing. */
  close(): void;
}

/** A SQLite library that was loaded. */
export interface Driver {
  /** The name of the module: `node:sqlite` or `@photostructure/sqlite`. */
  readonly name: string;
  /** Identifies the loaded copy of the library; for comparison only. */
  readonly library: unknown;

  /**
   * Opens the file. Creates it if it is missing.
   * @throws SqliteFault
   */
  open(path: string): Database;
}
