import type { HeldPolls } from './poll-server.js';

/** Counts the polls that reach a server of this process: one addition per request, the same for every server. */
export class PollCounter implements HeldPolls {
  /** Called at every poll, after the server has received it. */
  onPoll: () => void = () => {};
  #seen = 0;
  #expectedFrom = 0;
  #goal = Number.POSITIVE_INFINITY;
  #reached: () => void = () => {};

  get seen(): number {
    return this.#seen;
  }

  /** To be called once for every poll. */
  readonly count = (): void => {
    this.#seen++;
    if (this.#seen >= this.#goal) this.#reached();
    this.onPoll();
  };

  expect(): void {
    this.#expectedFrom = this.#seen;
  }

  reach(clients: number): Promise<void> {
    return this.reaches(this.#expectedFrom + clients);
  }

  reaches(goal: number): Promise<void> {
    if (this.#seen >= goal) return Promise.resolve();
    return new Promise((resolve) => {
      this.#goal = goal;
      this.#reached = () => {
        this.#goal = Number.POSITIVE_INFINITY;
        resolve();
      };
    });
  }
}
