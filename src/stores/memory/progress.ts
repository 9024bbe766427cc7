/** Between two lines, in milliseconds; nothing is said of work that takes less. */
const pause = 1_000;

/** Tells an operator who waits how far long work has come. */
export class Progress {
  readonly total: number;
  readonly #title: string;
  readonly #report: (text: string) => void;
  readonly #startedAt = performance.now();
  #reportedAt = this.#startedAt;

  constructor(title: string, total: number, report: (text: string) => void) {
    this.#title = title;
    this.total = total;
    this.#report = report;
  }

  advanceTo(done: number): void {
    const now = performance.now();
    if (now - this.#reportedAt < pause) return;
    this.#reportedAt = now;
    this.#report(`${this.#title}: ${done} of ${this.total}`);
  }

  finish(done: number): void {
    const now = performance.now();
    if (now - this.#startedAt < pause) return;
    this.#report(`${this.#title}: ${done} of ${this.total}, done in ${((now - this.#startedAt) / 1000).toFixed(1)} s`);
  }
}
