import type { Clock, Timer } from './clock.js';

/** Repeats a round of work. The next round is timed from the end of the last, so slow rounds never pile up. */
export class Interval {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #round: () => Promise<void>;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #started = false;

  /** @param round must not reject: it reports its own faults. */
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

  /** No round begins after this; resolves when the running one has ended. */
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
