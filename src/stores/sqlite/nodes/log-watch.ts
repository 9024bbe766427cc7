import { type FSWatcher, watch } from 'node:fs';

/** Milliseconds between two looks where the operating system can't report changes of the file. */
const unwatchedPause = 20;

/**
 * Milliseconds until the looks that follow one which a change of the log caused. The last write to the log is reported
 * before the commit is complete: a process that is interrupted between the two would not be heard of until the next
 * regular look.
 */
const followUps = [1, 4, 16];

/**
 * Has this node look at what other processes committed: whenever the write-ahead log is written to, and now and then in
 * case that was not reported.
 */
export class LogWatch {
  readonly #look: (isRegular: boolean) => void;
  readonly #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #followUp: NodeJS.Timeout | undefined;
  #isScheduled = false;

  /** @param look must not throw. It is told whether it is one of the regular looks, or the log has changed */
  constructor(path: string, lookInterval: number, look: (isRegular: boolean) => void) {
    this.#look = look;
    this.#watcher = this.#watch(path);
    const pause = this.#watcher === undefined ? Math.min(unwatchedPause, lookInterval) : lookInterval;
    this.#timer = setInterval(() => this.#look(true), pause).unref();
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#followUp);
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
      this.#lookNow();
    });
  }

  #lookNow(step = 0): void {
    if (this.#timer === undefined) return;
    this.#look(false);
    clearTimeout(this.#followUp);
    const pause = followUps[step];
    if (pause !== undefined) this.#followUp = setTimeout(() => this.#lookNow(step + 1), pause).unref();
  }
}
