import type { Server } from 'node:http';

/** Counts the polls that reach a server: one addition per request, the same for every server. */
export class PollCounter {
  /** Called at every poll, after the server has been given it. */
  onPoll: () => void = () => {};
  #seen = 0;
  #goal = Number.POSITIVE_INFINITY;
  #reached: () => void = () => {};

  constructor(http: Server) {
    http.on('request', () => {
      this.#seen++;
      if (this.#seen >= this.#goal) this.#reached();
      this.onPoll();
    });
  }

  get seen(): number {
    return this.#seen;
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
