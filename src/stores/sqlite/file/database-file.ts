import { closeSync, fstatSync, openSync, realpathSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { findOwnershipFault } from '../../file-ownership.js';
import { checkpoint } from '../checkpoints/checkpoint.js';
import type { Database, Driver } from '../driver/database.js';
import { SqliteFault } from '../driver/sqlite-fault.js';
import { type FileIdentity, identityOf, requireSameFile } from './file-identity.js';
import { noteUse } from './library-guard.js';
import { requireLocalFileSystem } from './network-file-systems.js';
import { prepareSchema, requireOwnOrEmpty } from './schema.js';

/** Kilobytes of pages that a connection keeps in memory. */
const cacheKilobytes = 65_536;
/** Maximum number of pages of a file that is checked when it is opened: 32 MiB, which takes some 30 ms. */
const mostPagesChecked = 8_192;
/** Milliseconds between two attempts to get a lock while the file is opened. */
const openPause = 5;

/**
 * An open database file with its write-ahead log. Only SQLite may open or close an existing database file or its
 * `-shm`: closing any descriptor of a file drops all locks that the process holds on it (POSIX), and thus breaks the
 * isolation of SQLite's transactions. The log has no locks.
 */
export class DatabaseFile {
  readonly path: string;
  readonly database: Database;
  readonly #identity: FileIdentity;
  readonly #log: number;
  readonly #logIdentity: FileIdentity;
  readonly #indexIdentity: FileIdentity | undefined;
  readonly #endUse: () => void;

  private constructor(path: string, database: Database, identity: FileIdentity, endUse: () => void) {
    this.path = path;
    this.database = database;
    this.#identity = identity;
    this.#endUse = endUse;
    this.#log = openSync(this.logPath, 'r');
    const { dev, ino } = fstatSync(this.#log);
    this.#logIdentity = { device: dev, inode: ino };
    this.#indexIdentity = identityOf(this.#indexPath);
  }

  /**
   * Opens the file. Creates it and its directory if they are missing.
   * @param lockTimeout milliseconds to wait for locks of other processes
   * @throws Error that says what is wrong
   */
  static async open(requestedPath: string, driver: Driver, lockTimeout: number): Promise<DatabaseFile> {
    await mkdir(dirname(requestedPath), { recursive: true, mode: 0o700 });
    const asked = join(realpathSync(dirname(requestedPath)), basename(requestedPath));
    await requireOwnership(asked);
    // SQLite follows a link, and keeps the other two files next to the target of the link.
    const path = identityOf(asked) === undefined ? asked : realpathSync(asked);
    await requireOwnership(path);
    requireLocalFileSystem(dirname(path));
    await createIfMissing(path);
    const identity = identityOf(path);
    if (identity === undefined) throw new Error(`${path} was removed while it was opened`);
    const endUse = noteUse(identity, driver);
    let database: Database | undefined;
    try {
      database = driver.open(path);
      await prepare(database, lockTimeout);
      // The second check finds a file that another user planted between the first check and the opening.
      await requireOwnership(path);
      requireSameFile(path, identity);
      await syncDirectory(dirname(path));
      return new DatabaseFile(path, database, identity, endUse);
    } catch (error) {
      database?.close();
      endUse();
      throw error;
    }
  }

  get logPath(): string {
    return `${this.path}-wal`;
  }

  /** The descriptor of the write-ahead log, for syncing it. */
  get logDescriptor(): number {
    return this.#log;
  }

  get logSize(): number {
    return fstatSync(this.#log).size;
  }

  /**
   * Checks that the three files are those that were opened. Writes to a removed log are lost. The index of the log has
   * the locks: processes with different indexes do not exclude each other, and overwrite each other's pages.
   * @throws Error when any of the three files was removed, moved or replaced
   */
  requireInPlace(): void {
    requireSameFile(this.path, this.#identity);
    requireSameFile(this.logPath, this.#logIdentity);
    requireSameFile(this.#indexPath, this.#indexIdentity);
  }

  get isInPlace(): boolean {
    try {
      this.requireInPlace();
      return true;
    } catch {
      return false;
    }
  }

  /** The index of the write-ahead log, which the processes share as memory. */
  get #indexPath(): string {
    return `${this.path}-shm`;
  }

  /**
   * Calls `action` within a transaction that reads, so that statements can be prepared without being refused a lock.
   * @param lockTimeout milliseconds to wait for locks of other processes
   * @throws SqliteFault
   */
  async whileReading<Result>(lockTimeout: number, action: () => Result): Promise<Result> {
    await whenFree(lockTimeout, () => {
      this.database.exec('BEGIN');
      try {
        this.database.exec('SELECT count(*) FROM sqlite_schema');
      } catch (error) {
        this.database.exec('ROLLBACK');
        throw error;
      }
    });
    try {
      return action();
    } finally {
      this.database.exec('COMMIT');
    }
  }

  /**
   * Closes the database. Before that, moves the log into the database file, unless another process uses it. A log or an
   * index that is not in place any more is left: other processes may have changed the database file since.
   */
  close(): void {
    try {
      if (this.isInPlace) emptyLog(this.database);
      this.database.close();
    } finally {
      closeSync(this.#log);
      this.#endUse();
    }
  }
}

/**
 * Moves the log into the database file. SQLite does so itself when the last connection is closed, but the package for
 * Node.js 20 closes a connection only after its statements were garbage-collected.
 */
function emptyLog(database: Database): void {
  try {
    checkpoint(database, 'TRUNCATE');
  } catch {
    // The log keeps its content, and the next process that opens the file finds it there.
  }
}

async function requireOwnership(path: string): Promise<void> {
  for (const each of [path, `${path}-wal`, `${path}-shm`]) {
    const fault = await findOwnershipFault(each);
    if (fault !== undefined) throw new Error(fault);
  }
}

/**
 * Creates the file for this user only. In SQLite, the umask would decide. `-wal` and `-shm` inherit the permissions.
 */
async function createIfMissing(path: string): Promise<void> {
  if (identityOf(path) !== undefined) return;
  try {
    // The file did not exist, so that this process holds no lock on it that closing it could drop.
    await (await open(path, 'ax', 0o600)).close();
  } catch (error) {
    // Another process was faster.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

async function prepare(database: Database, lockTimeout: number): Promise<void> {
  await whenFree(lockTimeout, () => {
    // Check first, so that nothing is changed (such as the journal mode) in a database of another program.
    requireOwnOrEmpty(database);
    database.exec(`PRAGMA cache_size = -${cacheKilobytes}; PRAGMA temp_store = MEMORY`);
    // This pragma has an effect only in an empty file, and only before the next line.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL');
    const [mode] = database.prepare('PRAGMA journal_mode').get() ?? [];
    if (mode !== 'wal') throw new Error(`its journal mode is ${mode} and can't be changed to WAL`);
    // Commits do not sync: the store syncs asynchronously. Checkpoints sync in their own thread.
    database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
    prepareSchema(database);
    requireSound(database);
  });
}

/**
 * Checks the structure of the file for damage. Skips a large file, for which the check takes too long: there, the first
 * step that meets the damage reports it.
 * @throws Error
 */
function requireSound(database: Database): void {
  if (Number(database.prepare('PRAGMA page_count').get()?.[0]) > mostPagesChecked) return;
  const [fault] = database.prepare('PRAGMA quick_check(1)').get() ?? [];
  if (fault !== 'ok') throw new Error(`the file is damaged; restore a backup or move it away (${fault})`);
}

/** Retries the action while the database is busy: opening it takes locks for a moment, also in other processes. */
async function whenFree(lockTimeout: number, action: () => void): Promise<void> {
  const giveUpAt = performance.now() + lockTimeout;
  for (;;) {
    try {
      action();
      return;
    } catch (error) {
      if (!(error instanceof SqliteFault) || !error.isBusy || performance.now() >= giveUpAt) throw error;
    }
    await pauseFor(openPause);
  }
}

/** Makes the entries of new files durable. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    // Windows can't sync a directory, and does not need to.
    if (process.platform !== 'win32') throw error;
  } finally {
    await directory.close();
  }
}
