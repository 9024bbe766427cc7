import type { Database, Driver, Row, SqlValue, Statement } from './database.js';
import { asSqliteFault } from './sqlite-fault.js';

/** A package with the interface of `node:sqlite`, for versions of Node.js without that module. */
const packageName = '@photostructure/sqlite';

interface StatementResult {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/** The parts of `StatementSync` that are used. */
interface NodeStatement {
  run(...parameters: readonly SqlValue[]): StatementResult;
  get(...parameters: readonly SqlValue[]): object | undefined;
  all(...parameters: readonly SqlValue[]): readonly object[];
  setReadBigInts(enabled: boolean): void;
  /** Since Node.js 22.16: makes the statement return rows as arrays. */
  setReturnArrays?(enabled: boolean): void;
}

/** The parts of `DatabaseSync` that are used. */
interface NodeDatabase {
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
  close(): void;
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => NodeDatabase;
}

/**
 * Loads a SQLite library: `node:sqlite` (built into Node.js 22.13 and later) or else the package
 * `@photostructure/sqlite` (for Node.js 20).
 *
 * Reasons for that package: it has the interface of `node:sqlite`, so that one adapter serves both. It includes
 * compiled code for every version of Node.js, so that it needs neither an install script nor a compiler. better-sqlite3
 * is about a fifth faster, but needs one of them. The package has two known defects, for which the callers have
 * workarounds: it closes a connection only after its statements were garbage-collected, and it aborts the process when
 * a thread is terminated while the package is loaded or called.
 *
 * @throws Error that says in one line what to install
 */
export async function loadDriver(): Promise<Driver> {
  const builtIn = process.getBuiltinModule('node:sqlite');
  if (isSqliteModule(builtIn)) return driverOf('node:sqlite', builtIn);
  let cause: unknown;
  try {
    const installed: unknown = await import(packageName);
    if (isSqliteModule(installed)) return driverOf(packageName, installed);
  } catch (error) {
    cause = error;
  }
  throw new Error(
    `no SQLite library can be loaded: use Node.js 22.13 or later, or install ${packageName}@1`,
    cause === undefined ? undefined : { cause },
  );
}

function isSqliteModule(candidate: unknown): candidate is SqliteModule {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'DatabaseSync' in candidate &&
    typeof candidate.DatabaseSync === 'function'
  );
}

function driverOf(name: string, { DatabaseSync }: SqliteModule): Driver {
  return {
    name,
    library: DatabaseSync,
    open: (path) => {
      const database = new OpenDatabase(translated(() => new DatabaseSync(path)));
      // SQLite must never wait for a lock: it would block the event loop.
      database.exec('PRAGMA busy_timeout = 0');
      return database;
    },
  };
}

class OpenDatabase implements Database {
  readonly #database: NodeDatabase;
  #isOpen = true;

  constructor(database: NodeDatabase) {
    this.#database = database;
  }

  prepare(sql: string): Statement {
    const statement = translated(() => this.#database.prepare(sql));
    statement.setReturnArrays?.(true);
    // The statement refers to the database: a library may close a database to which only statements refer.
    return new PreparedStatement(statement, this.#database);
  }

  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw asSqliteFault(error);
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    translated(() => this.#database.close());
  }
}

class PreparedStatement implements Statement {
  readonly #statement: NodeStatement;
  readonly database: NodeDatabase;

  constructor(statement: NodeStatement, database: NodeDatabase) {
    this.#statement = statement;
    this.database = database;
  }

  run(...parameters: readonly SqlValue[]): number {
    return Number(this.#run(parameters).changes);
  }

  insert(...parameters: readonly SqlValue[]): number {
    return Number(this.#run(parameters).lastInsertRowid);
  }

  get(...parameters: readonly SqlValue[]): Row | undefined {
    try {
      const row = this.#statement.get(...parameters);
      return row === undefined ? undefined : valuesOf(row);
    } catch (error) {
      if (isOutOfRange(error)) return this.#allWithLargeNumbers(parameters)[0];
      throw asSqliteFault(error);
    }
  }

  all(...parameters: readonly SqlValue[]): readonly Row[] {
    try {
      return this.#statement.all(...parameters).map(valuesOf);
    } catch (error) {
      if (isOutOfRange(error)) return this.#allWithLargeNumbers(parameters);
      throw asSqliteFault(error);
    }
  }

  /** Reads rows of which one has a number that was never stored: the damaged row must not keep the others from being read. */
  #allWithLargeNumbers(parameters: readonly SqlValue[]): readonly Row[] {
    this.#statement.setReadBigInts(true);
    try {
      const rows = this.#statement.all(...parameters).map(valuesOf);
      return rows.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value)));
    } catch (error) {
      throw asSqliteFault(error);
    } finally {
      this.#statement.setReadBigInts(false);
    }
  }

  #run(parameters: readonly SqlValue[]): StatementResult {
    try {
      return this.#statement.run(...parameters);
    } catch (error) {
      throw asSqliteFault(error);
    }
  }
}

/**
 * Returns the values of a row. Without `setReturnArrays`, a row is an object whose keys are in the order of the
 * columns.
 */
function valuesOf(row: object): Row {
  return Array.isArray(row) ? row : Object.values(row);
}

/** Whether a number is beyond those of JavaScript. `node:sqlite` and the package report that with different codes. */
function isOutOfRange(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'ERR_OUT_OF_RANGE') || error.message.startsWith('Value is too large');
}

function translated<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw asSqliteFault(error);
  }
}
