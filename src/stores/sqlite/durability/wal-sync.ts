import { fdatasync } from 'node:fs';

/**
 * Puts the write-ahead log on the disk without blocking the event loop. One sync serves all who asked before it began;
 * who asks while one is running waits for the next, because the running one may have missed their commit.
 */
export class WalSync {
  readonly #descriptor: number;
  readonly #sync: (descriptor: number) => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #fault: Error | undefined;

  /** @param descriptor of the write-ahead log. SQLite takes no lock on that file, so that it may be opened and closed */
  constructor(descriptor: number, sync: (descriptor: number) => Promise<void> = syncData) {
    this.#descriptor = descriptor;
    this.#sync = sync;
  }

  /**
   * Why nothing is promised any more. After a failed sync the operating system may have dropped the pages that it could
   * not write and report success the next time: what is on the disk is known again only once the file is opened anew.
   */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /**
   * Resolves when a sync that began after this call has ended.
   * @throws Error when it, or any before, failed
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
      throw this.#fault;
    }
  }
}

function syncData(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)));
  });
}
