import type { SessionError } from '../../../errors/session-error.js';
import type { Checkpointer } from '../checkpoints/checkpointer.js';
import type { Statement } from '../driver/database.js';
import { resultCodes, SqliteFault } from '../driver/sqlite-fault.js';
import type { WalSync } from '../durability/wal-sync.js';
import type { DatabaseFile } from '../file/database-file.js';
import { asUnavailable } from '../unavailable.js';
import type { TransactionScope } from './transaction-queue.js';

/** Milliseconds for which a commit of another process counts as recent. */
const contentionTime = 100;
/** Milliseconds left to other processes after a long transaction: they poll for the lock, and need a gap to get it. */
const gap = 1;
/** Milliseconds from which on a transaction counts as long. */
const longTransaction = 1.5;

/** A participant in the transactions of a connection, in addition to their steps. */
export interface Participant {
  /** Called at the start of each transaction. @param version see `Connection.version` */
  begun(version: unknown): void;
  /** Called before each commit of a transaction that may write. */
  finish(): void;
  /** Called after each commit of a transaction that may have written. Never throws. */
  committed(): void;
  /** Called after each transaction that was rolled back. Never throws. */
  rolledBack(): void;
  /** Called when SQLite found that the structure of the file is damaged. Never throws. */
  corrupt(): void;
}

/** The transactions of the one connection over which this process reads and writes. */
export class Connection implements TransactionScope {
  readonly #file: DatabaseFile;
  readonly #sync: WalSync;
  readonly #isSynced: boolean;
  readonly #checkpointer: Checkpointer;
  readonly #participant: Participant;
  readonly #beginWrite: Statement;
  readonly #beginRead: Statement;
  readonly #commit: Statement;
  readonly #dataVersion: Statement;
  #hasBegun = false;
  #isWriting = false;
  #seenVersion: unknown;
  #contendedUntil = 0;

  /** @param isSynced whether `durable` waits for the disk */
  constructor(
    file: DatabaseFile,
    sync: WalSync,
    isSynced: boolean,
    checkpointer: Checkpointer,
    participant: Participant,
  ) {
    this.#file = file;
    this.#sync = sync;
    this.#isSynced = isSynced;
    this.#checkpointer = checkpointer;
    this.#participant = participant;
    const { database } = file;
    this.#beginWrite = database.prepare('BEGIN IMMEDIATE');
    this.#beginRead = database.prepare('BEGIN');
    this.#commit = database.prepare('COMMIT');
    this.#dataVersion = database.prepare('PRAGMA data_version');
  }

  /**
   * Data version of the database, which changes with each commit of another connection.
   * @throws SqliteFault
   */
  get version(): unknown {
    return this.#dataVersion.get()?.[0];
  }

  beginWrite(): void {
    this.#requireUsable();
    // The error of a refused lock reaches no caller. To capture its stack takes longer than the attempt.
    withoutStacks(() => this.#beginWrite.run());
    this.#hasBegun = true;
    this.#isWriting = true;
    const { version } = this;
    this.#noteOtherWriters(version);
    this.#participant.begun(version);
  }

  beginRead(): void {
    this.#requireUsable();
    this.#beginRead.run();
    this.#hasBegun = true;
    this.#isWriting = false;
    this.#participant.begun(this.version);
  }

  commit(): void {
    if (this.#isWriting) this.#participant.finish();
    this.#commit.run();
    this.#hasBegun = false;
  }

  rollback(): void {
    this.#isWriting = false;
    // If the lock was refused, no transaction has begun. A rollback would then throw an error, which is more expensive
    // than the attempt to get the lock.
    if (!this.#hasBegun) return;
    this.#rollBack();
    this.#participant.rolledBack();
  }

  committed(): void {
    // A transaction that only reads has nothing to report.
    if (!this.#isWriting) return;
    this.#isWriting = false;
    this.#checkpointer.committed(performance.now());
    this.#participant.committed();
  }

  durable(): Promise<void> {
    return this.#isSynced ? this.#sync.durable() : Promise.resolve();
  }

  errorOf(error: unknown): SessionError {
    if (error instanceof SqliteFault && error.code === resultCodes.corrupt) this.#participant.corrupt();
    return asUnavailable(this.#file.path, error);
  }

  get isContended(): boolean {
    return performance.now() < this.#contendedUntil;
  }

  pauseAfter(duration: number): number {
    return Math.max(duration >= longTransaction && this.isContended ? gap : 0, this.#checkpointer.delay);
  }

  #rollBack(): void {
    this.#hasBegun = false;
    try {
      this.#file.database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled it back by itself.
    }
  }

  #requireUsable(): void {
    if (this.#sync.fault !== undefined) throw this.#sync.fault;
    this.#file.requireInPlace();
  }

  #noteOtherWriters(version: unknown): void {
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#contendedUntil = performance.now() + contentionTime;
  }
}

function withoutStacks(action: () => void): void {
  const { stackTraceLimit } = Error;
  // If the application has frozen `Error`, this has no effect and throws no exception.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    action();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
