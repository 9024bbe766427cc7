import { fdatasync } from 'node:fs';

/**
 * Syncs the write-ahead log to the disk without blocking the event loop. A sync serves all callers that asked before it
 * began. A caller that asks during a sync waits for the next, because the running sync may have missed its commit.
 */
export class WalSync {
  readonly #descriptor: number;
  readonly #sync: (descriptor: number) => Promise<void>;
  readonly #onFault: () => void;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #fault: Error | undefined;

  /**
   * @param descriptor of the write-ahead log. SQLite takes no lock on that file, so the store may open and close it
   * @param onFault called once, when the first sync has failed. Must not throw
   */
  constructor(descriptor: number, onFault: () => void, sync: (descriptor: number) => Promise<void> = syncData) {
    this.#descriptor = descriptor;
    this.#onFault = onFault;
    this.#sync = sync;
  }

  /**
   * The error of a failed sync, after which the store can't promise durability any more. The operating system may have
   * dropped the pages that it could not write, and may report success for the next sync. Only after the file is opened
   * again is its content on the disk known.
   */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /**
   * Resolves when a sync that began after this call has ended.
   * @throws Error when that sync or any earlier sync failed
   */
  durable(): Promise<void> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  /** Resolves when no sync is running. Never throws. */
  async idle(): Promise<void> {
    await this.#next?.catch(() => {});
    await this.#running.catch(() => {});
  }

  async #afterRunning(): Promise<void> {
    await this.#running.catch(() => {});
    this.#next = undefined;
    this.#running = this.#fault === undefined ? this.#start() : Promise.reject(this.#fault);
    await this.#running;
  }

  async #start(): Promise<void> {
    try {
      await this.#sync(this.#descriptor);
    } catch (cause) {
      this.#fault = new Error('the disk failed to keep what was written; restart this process once it works', {
        cause,
      });
      this.#onFault();
      throw this.#fault;
    }
  }
}

function syncData(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)));
  });
}
