import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../driver/database.js';
import { type CheckpointMode, type CheckpointResult, checkpoint } from './checkpoint.js';
import { CheckpointThread } from './checkpoint-thread.js';

const mebibyte = 1_048_576;
/** Size in bytes of the log file from which on checkpoints run. */
const smallestLog = 4 * mebibyte;
/** Number of frames from which on the log is restarted, although writers have to wait for that. */
const restartFrames = (16 * mebibyte) / 4_096;
/** Size in bytes of the log file above which its space is given back. */
const truncateSize = 32 * mebibyte;
/** Size in bytes of the log file above which writes are slowed down, because checkpoints do not keep up. */
const slowSize = 64 * mebibyte;
/** Milliseconds between two checkpoints. */
const pause = 200;
/** Milliseconds between two attempts to empty the log. */
const emptyPause = 20;

/**
 * Limits the size of the write-ahead log. Every process that writes runs checkpoints. Two processes may try at the same
 * time: SQLite lets only one of them continue.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #database: Database;
  readonly #logSize: () => number;
  readonly #isInPlace: () => boolean;
  #thread: CheckpointThread | undefined;
  #hasNoThread = false;
  #running: Promise<void> | undefined;
  #nextAt = 0;
  #size = 0;

  /**
   * @param logSize bytes of the log file
   * @param isInPlace whether the database file still belongs to this log: only then may the log be copied into it
   */
  constructor(path: string, database: Database, logSize: () => number, isInPlace: () => boolean) {
    this.#path = path;
    this.#database = database;
    this.#logSize = logSize;
    this.#isInPlace = isInPlace;
  }

  /** Milliseconds to wait after each transaction, so that checkpoints keep up. */
  get delay(): number {
    return this.#size <= slowSize ? 0 : Math.min(50, (5 * this.#size) / slowSize);
  }

  /** Called after each transaction that wrote. @param now milliseconds of a clock that never steps */
  committed(now: number): void {
    if (now < this.#nextAt && this.#size <= slowSize) return;
    this.#size = this.#logSize();
    if (now < this.#nextAt || this.#size < smallestLog || this.#running !== undefined) return;
    this.#nextAt = now + pause;
    this.#running = this.#checkpoint().finally(() => {
      this.#running = undefined;
      this.#nextAt = performance.now() + pause;
    });
  }

  /**
   * Copies the whole log into the database, and empties it.
   * @param patience milliseconds for which other processes may prevent that
   * @returns false if they did
   */
  async emptyLog(patience: number): Promise<boolean> {
    const giveUpAt = performance.now() + patience;
    // The process must stay alive for the awaited work.
    this.#startedThread()?.ref();
    try {
      do {
        if ((await this.#run('TRUNCATE'))?.isBusy === false) return true;
        await delay(emptyPause);
      } while (performance.now() < giveUpAt);
      return false;
    } finally {
      this.#thread?.unref();
    }
  }

  async close(): Promise<void> {
    // The process must stay alive for the awaited work.
    this.#thread?.ref();
    await this.#running;
    if (this.#size >= smallestLog && !this.#hasNoThread) await this.#run('PASSIVE');
    await this.#thread?.close();
  }

  async #checkpoint(): Promise<void> {
    const result = await this.#run('PASSIVE');
    if (result === undefined || result.frames < restartFrames) return;
    await this.#run(this.#logSize() > truncateSize ? 'TRUNCATE' : 'RESTART');
    this.#size = this.#logSize();
  }

  async #run(mode: CheckpointMode): Promise<CheckpointResult | undefined> {
    if (!this.#isInPlace()) return undefined;
    if (!this.#hasNoThread) {
      const result = await this.#startedThread()?.checkpoint(mode);
      if (result !== undefined) return result;
      // For example, the application was bundled into one file. Blocking is better than a log that grows without limit.
      this.#hasNoThread = true;
    }
    try {
      return checkpoint(this.#database, mode);
    } catch {
      return undefined;
    }
  }

  /** Returns `undefined` if the system refuses another thread, for example at the limit of a container. */
  #startedThread(): CheckpointThread | undefined {
    try {
      this.#thread ??= new CheckpointThread(this.#path);
    } catch {
      // The caller runs the checkpoint itself.
    }
    return this.#thread;
  }
}
