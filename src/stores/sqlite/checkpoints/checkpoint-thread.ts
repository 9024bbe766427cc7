import { Worker } from 'node:worker_threads';
import type { CheckpointMode, CheckpointResult } from './checkpoint.js';

export type CheckpointOrder =
  | { readonly kind: 'checkpoint'; readonly mode: CheckpointMode }
  | { readonly kind: 'close' };
export type CheckpointReport = CheckpointResult;

/** The settings with which the thread is started. */
export interface CheckpointSettings {
  readonly path: string;
  /** Two cells of 32 bits: see `cells`. */
  readonly state: SharedArrayBuffer;
}

/**
 * Cells of the shared state. `busy`: 1 while the thread starts, or SQLite works in it. `ended`: 1 when SQLite must not
 * work there again.
 */
export const cells = { busy: 0, ended: 1 } as const;

/** Maximum number of milliseconds for which the exit of the process waits for the thread. */
const exitPatience = 2_000;

/**
 * A thread for checkpoints, which would block the event loop while they copy and sync. It takes one order at a time.
 *
 * The process does not exit while the thread starts, or SQLite works in it. Node.js 20 may crash when a thread is
 * terminated while it starts, and its package of SQLite aborts the process when its thread is terminated while the
 * package is loaded or called.
 */
export class CheckpointThread {
  readonly #worker: Worker;
  readonly #gone: Promise<void>;
  #answer: ((result: CheckpointResult | undefined) => void) | undefined;
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #beforeExit = () => this.#waitUntilIdle();
  #isGone = false;

  constructor(path: string) {
    const settings: CheckpointSettings = { path, state: this.#state.buffer };
    // Until the thread has opened the database. It can't say so itself while it starts.
    Atomics.store(this.#state, cells.busy, 1);
    this.#worker = new Worker(new URL('./checkpoint-worker.js', import.meta.url), {
      workerData: settings,
      name: 'session-mailbox-checkpoints',
      // Options of this process may not be valid for a file, for example `--input-type`.
      execArgv: [],
    });
    this.#gone = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#isGone = true;
        process.off('exit', this.#beforeExit);
        this.#answer?.(undefined);
        resolve();
      });
    });
    // An `exit` event follows, at which a pending order resolves to `undefined`.
    this.#worker.on('error', () => {});
    this.#worker.on('message', (result: CheckpointReport) => this.#answer?.(result));
    this.#worker.unref();
    process.on('exit', this.#beforeExit);
  }

  /** Keeps the process alive until the thread ends. */
  ref(): void {
    this.#worker.ref();
  }

  /** Lets the process end although the thread runs, as it may after the start. */
  unref(): void {
    this.#worker.unref();
  }

  /** Resolves to `undefined` if the thread could not be started, or has ended. */
  checkpoint(mode: CheckpointMode): Promise<CheckpointResult | undefined> {
    if (this.#isGone) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#send({ kind: 'checkpoint', mode });
    });
  }

  /** Resolves when the thread has closed its connection. */
  close(): Promise<void> {
    this.ref();
    this.#send({ kind: 'close' });
    return this.#gone;
  }

  #waitUntilIdle(): void {
    Atomics.store(this.#state, cells.ended, 1);
    while (Atomics.load(this.#state, cells.busy) === 1) {
      if (Atomics.wait(this.#state, cells.busy, 1, exitPatience) === 'timed-out') return;
    }
  }

  #send(order: CheckpointOrder): void {
    this.#worker.postMessage(order);
  }
}
