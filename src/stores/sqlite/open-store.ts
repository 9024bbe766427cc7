import type { SessionContext } from '../../context/session-context.js';
import { SessionEngine } from '../../store/engine/session-engine.js';
import { Checkpointer } from './checkpoints/checkpointer.js';
import { DamagedEnds } from './damaged-ends.js';
import { loadDriver } from './driver/driver.js';
import { WalSync } from './durability/wal-sync.js';
import { currentBoot } from './file/boot.js';
import { DatabaseFile } from './file/database-file.js';
import { FreePages } from './file/free-pages.js';
import { IndexRepair } from './file/index-repair.js';
import { LogWatch } from './nodes/log-watch.js';
import { Node } from './nodes/node.js';
import { NodeTables } from './nodes/node-tables.js';
import type { NoticeListener } from './nodes/notice.js';
import { Outbox } from './nodes/outbox.js';
import type { SharedClock } from './nodes/shared-clock.js';
import { SweepReports } from './reports.js';
import type { SqliteSettings } from './sqlite-options.js';
import { History } from './tables/history.js';
import { SqliteTables } from './tables/sqlite-tables.js';
import { Connection } from './transactions/connection.js';
import type { StepKind } from './transactions/step.js';
import { TransactionQueue } from './transactions/transaction-queue.js';
import { asUnavailable } from './unavailable.js';

/** Milliseconds between two checks for space that can be given back. */
const spacePause = 5_000;

/** The listener of an open store, which also learns whether notices can be read. */
export interface OpenStoreListener extends NoticeListener {
  /** The database can't be read. Notices may be missed until `recovered`. */
  lost(): void;
  recovered(): void;
}

/** An open database, and everything that works on it. */
export class OpenStore {
  readonly #file: DatabaseFile;
  readonly #sync: WalSync;
  readonly #checkpointer: Checkpointer;
  readonly #connection: Connection;
  readonly #queue: TransactionQueue;
  readonly #node: Node;
  readonly #watch: LogWatch;
  readonly #freePages: FreePages;
  readonly #history: History;
  readonly #isSynced: boolean;
  readonly #spaceTimer: NodeJS.Timeout;
  readonly #syncTimer: NodeJS.Timeout | undefined;
  readonly #listener: OpenStoreListener;
  readonly engine: SessionEngine;
  readonly damagedEnds: DamagedEnds;
  readonly reports: SweepReports;
  readonly #lockTimeout: number;
  /** Version of the connection at the latest look. */
  #version: unknown;
  #isLost = false;
  #isDirty = false;
  /** Whether this store has marked the file after a failed sync. */
  #isFileDistrusted = false;
  #isGivingSpaceBack = false;
  #isClosing = false;

  private constructor(
    file: DatabaseFile,
    context: SessionContext,
    name: string,
    settings: SqliteSettings,
    clock: SharedClock,
    listener: OpenStoreListener,
  ) {
    const { database } = file;
    this.#file = file;
    this.#listener = listener;
    const nodeTables = new NodeTables(database);
    const outbox = new Outbox(name, nodeTables);
    this.#history = new History(database);
    const tables = new SqliteTables(database, this.#history, context);
    this.engine = new SessionEngine({ context, tables, notices: outbox, node: name });
    this.damagedEnds = new DamagedEnds(tables, nodeTables, outbox, context);
    this.#lockTimeout = settings.lockTimeout;
    this.#sync = new WalSync(file.logDescriptor, () => this.#distrustFile());
    this.#checkpointer = new Checkpointer(
      file.path,
      database,
      () => file.logSize,
      () => file.isInPlace,
    );
    this.#isSynced = settings.durability === 'commit';
    const isSynced = this.#isSynced;
    const boot = currentBoot();
    this.#connection = new Connection(file, this.#sync, isSynced, this.#checkpointer, {
      begun: (version) => tables.begun(version),
      finish: () => {
        // If this node was given up by mistake, another node that left may have removed the mark.
        if (!isSynced && !this.#isClosing) this.#history.keepMark(boot);
        this.#node.clearInbox();
        outbox.finish();
      },
      committed: () => {
        this.#isDirty = true;
        outbox.deliver(listener);
        this.#node.committed();
      },
      rolledBack: () => {
        tables.rolledBack();
        outbox.discard();
        this.#node.rolledBack();
      },
      corrupt: () => repair.begin(),
    });
    this.#queue = new TransactionQueue(this.#connection, settings);
    this.reports = new SweepReports(name, nodeTables, (work) => this.#queue.run('contact', work));
    const repair = new IndexRepair(database, (work) => this.#queue.run('change', work));
    const begin = () => this.#history.begin(boot, isSynced);
    this.#node = new Node(name, nodeTables, outbox, this.#queue, clock, listener, begin);
    this.#watch = new LogWatch(file.logPath, settings.lookInterval, (isRegular) => this.#look(isRegular));
    this.#freePages = new FreePages(database);
    this.#spaceTimer = setInterval(() => void this.#giveSpaceBack(), spacePause).unref();
    if (!isSynced) this.#syncTimer = setInterval(() => this.#syncIfDirty(), settings.syncInterval).unref();
  }

  /** @throws SessionError `STORE_UNAVAILABLE` */
  static async open(
    settings: SqliteSettings,
    context: SessionContext,
    name: string,
    clock: SharedClock,
    listener: OpenStoreListener,
  ): Promise<OpenStore> {
    try {
      const file = await DatabaseFile.open(settings.path, await loadDriver(), settings.lockTimeout);
      return await OpenStore.#over(file, settings, context, name, clock, listener);
    } catch (error) {
      throw asUnavailable(settings.path, error);
    }
  }

  static async #over(
    file: DatabaseFile,
    settings: SqliteSettings,
    context: SessionContext,
    name: string,
    clock: SharedClock,
    listener: OpenStoreListener,
  ): Promise<OpenStore> {
    let store: OpenStore | undefined;
    try {
      const make = () => new OpenStore(file, context, name, settings, clock, listener);
      store = await file.whileReading(settings.lockTimeout, make);
      await store.#begin();
      return store;
    } catch (error) {
      if (store === undefined) file.close();
      else await store.close();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    // The operating system may have dropped the pages of the log that it could not write, and reports that once: a sync of
    // this process would succeed without them. A crash of the machine would then cut the log off before what is written
    // now. The content of the log is still known, so that it can be copied into the database.
    if (this.#history.isDistrusted && !(await this.#checkpointer.emptyLog(this.#lockTimeout))) {
      throw new Error('the disk failed to sync the log, which other processes still use: stop all of them');
    }
    await this.#node.join();
    // Sync before the store acknowledges anything that a crash could undo.
    await this.#sync.durable();
  }

  run<Result>(kind: StepKind, work: () => Result): Promise<Result> {
    return this.#queue.run(kind, work);
  }

  watchChanges(watches: boolean): Promise<void> {
    return this.#node.watch(watches);
  }

  /** @throws SessionError `STORE_UNAVAILABLE` */
  async ping(): Promise<void> {
    await this.#queue.run('change', () => {
      this.#file.requireInPlace();
      // Only a write shows that there is room for writes.
      this.#node.attend();
    });
  }

  async close(): Promise<void> {
    this.#watch.close();
    clearInterval(this.#spaceTimer);
    clearInterval(this.#syncTimer);
    this.#isClosing = true;
    await this.#node.leave(() => this.#history.end());
    await this.#queue.stop();
    await this.#sync.durable().catch(() => {
      // Each caller that waited for the sync has received the error.
    });
    // The first attempt fails if another process held the lock. After it has succeeded, another process may have opened the
    // file and removed the mark.
    if (this.#sync.fault !== undefined && !this.#isFileDistrusted) this.#distrustFile();
    await this.#checkpointer.close();
    this.#file.close();
  }

  /**
   * Marks the file after a failed sync. With `interval`, changes that were acknowledged after the last successful sync may
   * be lost. Under any setting a client may have a message that is lost: it is delivered before the sync.
   */
  #distrustFile(): void {
    try {
      this.#file.requireInPlace();
      this.#history.distrust();
      this.#isFileDistrusted = true;
    } catch {
      // The proofs in cursors remain.
    }
  }

  #look(isRegular: boolean): void {
    try {
      // Each commit of any process causes a look in all processes: always checking would cost each three system calls.
      const isThorough = isRegular || this.#isLost;
      if (isThorough) this.#file.requireInPlace();
      const { version } = this.#connection;
      // The log changed by a commit of this process, or by an unfinished commit of another, which still holds the lock.
      if (version === this.#version && !isThorough) return;
      this.#version = version;
      this.#node.readInbox();
      if (this.#node.mayTryFirst) this.#queue.lockMayBeFree();
    } catch {
      // Calls of the store report the fault to their callers. Here it only means that notices may be missed.
      if (!this.#isLost) this.#listener.lost();
      this.#isLost = true;
      return;
    }
    if (this.#isLost) this.#listener.recovered();
    this.#isLost = false;
  }

  /** Gives space back step by step. Other work runs between the steps. */
  async #giveSpaceBack(): Promise<void> {
    if (this.#isGivingSpaceBack) return;
    this.#isGivingSpaceBack = true;
    try {
      while (!this.#isClosing && (await this.#queue.run('contact', () => this.#freePages.giveBack())));
    } catch {
      // The space stays for new sessions. The next look tries again.
    } finally {
      this.#isGivingSpaceBack = false;
    }
  }

  #syncIfDirty(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#sync.durable().catch(() => {
      // From now on every call fails with this error.
    });
  }
}
