import { Worker } from 'node:worker_threads';
import type { CheckpointMode, CheckpointResult } from './checkpoint.js';

export type CheckpointOrder =
  | { readonly kind: 'checkpoint'; readonly mode: CheckpointMode }
  | { readonly kind: 'close' };
export type CheckpointReport = CheckpointResult;

/** A thread for checkpoints, whose copying and syncing would block the event loop. It takes one order at a time. */
export class CheckpointThread {
  readonly #worker: Worker;
  readonly #gone: Promise<void>;
  #answer: ((result: CheckpointResult | undefined) => void) | undefined;
  #isGone = false;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./checkpoint-worker.js', import.meta.url), {
      workerData: path,
      name: 'session-mailbox-checkpoints',
      // Those of this process may make no sense for a file, as `--input-type`.
      execArgv: [],
    });
    this.#gone = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#isGone = true;
        this.#answer?.(undefined);
        resolve();
      });
    });
    // The exit that follows is answered with `undefined`.
    this.#worker.on('error', () => {});
    this.#worker.on('message', (result: CheckpointReport) => this.#answer?.(result));
    this.#worker.unref();
  }

  /** Resolves with `undefined` when the thread could not be started, or has ended. */
  checkpoint(mode: CheckpointMode): Promise<CheckpointResult | undefined> {
    if (this.#isGone) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#send({ kind: 'checkpoint', mode });
    });
  }

  /** Resolves when the thread has closed its connection. */
  close(): Promise<void> {
    this.#worker.ref();
    this.#send({ kind: 'close' });
    return this.#gone;
  }

  #send(order: CheckpointOrder): void {
    this.#worker.postMessage(order);
  }
}
