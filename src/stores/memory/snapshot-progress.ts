/** Milliseconds between two lines. Work that takes less time is not reported at all. */
const pauseMs = 1_000;

/** Reports the progress of writing or restoring a snapshot to an operator who waits for it. */
export class SnapshotProgress {
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
    if (now - this.#reportedAt < pauseMs) return;
    this.#reportedAt = now;
    this.#report(`${this.#title}: ${done} of ${this.total}`);
  }

  finish(done: number): void {
    const now = performance.now();
    if (now - this.#startedAt < pauseMs) return;
    this.#report(`${this.#title}: ${done} of ${this.total}, done in ${((now - this.#startedAt) / 1000).toFixed(1)} s`);
  }
}
