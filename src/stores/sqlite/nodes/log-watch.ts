import { type FSWatcher, watch } from 'node:fs';

/** Milliseconds between two looks if the operating system can't report changes of the file. */
const unwatchedPause = 20;

/**
 * Pauses in milliseconds before each of the looks that follow a look after a change of the log. The operating system
 * reports the last write to the log before the commit is complete. If the writing process is interrupted between the
 * two, the first look is too early. Without more looks, only the next regular look would find the commit.
 */
const followUps = [1, 4, 16];

/**
 * Makes this node look for commits of other processes: after each write to the write-ahead log, and at regular
 * intervals, in case a write was not reported.
 */
export class LogWatch {
  readonly #look: (isRegular: boolean) => void;
  readonly #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #followUp: NodeJS.Timeout | undefined;
  #isScheduled = false;

  /** @param look must not throw. Its argument is true for a regular look, false for a look after a change of the log */
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
      // For example, the limit on watches is reached.
      return undefined;
    }
  }

  /** Schedules at most one look per turn, because a commit of many pages is reported many times. */
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
