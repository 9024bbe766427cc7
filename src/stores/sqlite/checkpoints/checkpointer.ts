import type { Database } from '../driver/database.js';
import { type CheckpointMode, type CheckpointResult, checkpoint } from './checkpoint.js';
import { CheckpointThread } from './checkpoint-thread.js';

const mebibyte = 1_048_576;
/** A log file smaller than this is left alone. */
const smallestLog = 4 * mebibyte;
/** A log of more frames than this is made to begin anew, though writers wait meanwhile. */
const restartFrames = (16 * mebibyte) / 4_096;
/** A log file larger than this gives its space back. */
const truncateSize = 32 * mebibyte;
/** Writes are slowed while the log file is larger than this: checkpoints do not keep up. */
const slowSize = 64 * mebibyte;
/** Milliseconds between two checkpoints. */
const pause = 200;

/**
 * Keeps the write-ahead log bounded. Every process that writes does its share; that two try at once does no harm, as
 * SQLite lets one of them go on.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #database: Database;
  readonly #logSize: () => number;
  #thread: CheckpointThread | undefined;
  #hasNoThread = false;
  #running: Promise<void> | undefined;
  #nextAt = 0;
  #size = 0;

  /** @param logSize bytes of the log file */
  constructor(path: string, database: Database, logSize: () => number) {
    this.#path = path;
    this.#database = database;
    this.#logSize = logSize;
  }

  /** Milliseconds by which each transaction that writes is to be delayed. */
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

  async close(): Promise<void> {
    // What is awaited here must keep the process alive.
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
    if (!this.#hasNoThread) {
      const result = await this.#startedThread()?.checkpoint(mode);
      if (result !== undefined) return result;
      // As when the application was bundled into one file: better to block now and then than to grow without bound.
      this.#hasNoThread = true;
    }
    try {
      return checkpoint(this.#database, mode);
    } catch {
      return undefined;
    }
  }

  /** `undefined` where the system refuses another thread, as at a container's limit. */
  #startedThread(): CheckpointThread | undefined {
    try {
      this.#thread ??= new CheckpointThread(this.#path);
    } catch {
      // The caller does the work itself.
    }
    return this.#thread;
  }
}
