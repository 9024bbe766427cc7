import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import type { RootDatabase, Transaction } from 'lmdb';
import { readRecords, removeRecord, writeRecord } from './flush-record.js';
import { isRunning } from './is-running.js';
import { type MetaPage, readNewestMeta } from './meta-page.js';

const flushData = promisify(fdatasync);

/**
 * Flushing for `interval`. LMDB itself then writes without any order, and a machine that goes down could leave a state
 * that is on the disk in part. So from time to time a state is held on to (none of its pages is written over as long
 * as a reader may look at it), flushed, and written down in a file beside; only then the one before is let go of.
 */
export class Flushing {
  readonly #root: RootDatabase<unknown, string>;
  readonly #path: string;
  readonly #node: string;
  readonly #boot: string;
  readonly #transact: <Result>(work: () => Result) => Result;
  readonly #file: number;
  #held: Transaction | undefined;
  #flushed = -1;
  #running: Promise<void> = Promise.resolve();

  constructor(
    root: RootDatabase<unknown, string>,
    path: string,
    node: string,
    boot: string,
    transact: <Result>(work: () => Result) => Result,
  ) {
    this.#root = root;
    this.#path = path;
    this.#node = node;
    this.#boot = boot;
    this.#transact = transact;
    this.#file = openSync(`${path}/data.mdb`, 'r+');
  }

  /** Resolves when everything committed before is on the disk. */
  flush(): Promise<void> {
    this.#running = this.#running.catch(() => {}).then(() => this.#flush());
    return this.#running;
  }

  /** Flushes once more, and leaves nothing to restore. The environment is closed by the caller, behind it. */
  async close(): Promise<void> {
    await this.flush();
    removeRecord(this.#path, this.#node);
    this.#held?.done();
    this.#held = undefined;
    closeSync(this.#file);
  }

  async #flush(): Promise<void> {
    const [held, meta] = this.#hold();
    if (meta.transaction === this.#flushed) {
      held.done();
      return;
    }
    try {
      await flushData(this.#file);
      writeRecord(this.#path, { node: this.#node, pid: process.pid, boot: this.#boot, meta });
    } catch (error) {
      held.done();
      throw error;
    }
    this.#flushed = meta.transaction;
    this.#held?.done();
    this.#held = held;
    removeRecordsOfGone(this.#path);
  }

  /** The newest state, and a reader that looks at it. While the lock is held there is no newer one. */
  #hold(): readonly [Transaction, MetaPage] {
    return this.#transact(() => {
      this.#root.resetReadTxn();
      return [this.#root.useReadTransaction(), readNewestMeta(this.#file)];
    });
  }
}

/** What processes under `interval` left unflushed is flushed, now that nobody of them is there any more. */
export function flushForGone(path: string): void {
  if (readRecords(path).length === 0) return;
  const file = openSync(`${path}/data.mdb`, 'r+');
  try {
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  removeRecordsOfGone(path);
}

function removeRecordsOfGone(path: string): void {
  for (const { node, pid } of readRecords(path)) if (!isRunning(pid)) removeRecord(path, node);
}
