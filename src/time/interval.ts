import type { Clock, Timer } from './clock.js';

/** Repeats a round of work. The pause starts at the end of a round, so that slow rounds don't overlap. */
export class Interval {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #round: () => Promise<void>;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #started = false;

  /**
   * @param pause milliseconds between the end of a round and the next one
   * @param round must not reject
   */
  constructor(clock: Clock, pause: number, round: () => Promise<void>) {
    this.#clock = clock;
    this.#pause = pause;
    this.#round = round;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#arm();
  }

  /** Starts no further round. Resolves when the running round has ended. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#running;
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#pause, () => {
      this.#running = this.#round().finally(() => {
        this.#running = undefined;
        if (this.#started) this.#arm();
      });
    });
  }
}
