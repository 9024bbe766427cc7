import { type FSWatcher, watch } from 'node:fs';

/** Milliseconds between two looks where the operating system can't report changes of the file. */
const unwatchedPause = 20;

/**
 * Has this node look at what other processes committed: whenever the write-ahead log is written to, and now and then in
 * case that was not reported.
 */
export class LogWatch {
  readonly #look: () => void;
  readonly #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;

  /** @param look must not throw */
  constructor(path: string, lookInterval: number, look: () => void) {
    this.#look = look;
    this.#watcher = this.#watch(path);
    const pause = this.#watcher === undefined ? Math.min(unwatchedPause, lookInterval) : lookInterval;
    this.#timer = setInterval(() => this.#look(), pause).unref();
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #watch(path: string): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, () => this.#lookSoon());
      watcher.on('error', () => {
        // The regular looks go on.
      });
      return watcher;
    } catch {
      // As when the limit of watches is reached.
      return undefined;
    }
  }

  /** A commit of many pages is reported many times. */
  #lookSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#timer !== undefined) this.#look();
    });
  }
}
