/** A timer that was set and has not fired yet. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** The source of time of the whole service. Tests bind one that they advance themselves. */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. Never decreases: lists ordered by time rely on it. */
  abstract now(): number;

  /** Calls back once after `delay` milliseconds (at most 2^31 − 1). A pending timer does not keep the process alive. */
  abstract setTimer(delay: number, callback: () => void): Timer;
}

export class SystemClock extends Clock {
  #latest = 0;

  now(): number {
    const wallTime = Date.now();
    // When the wall clock is set back, this clock stands still until the wall clock has caught up.
    if (wallTime > this.#latest) this.#latest = wallTime;
    return this.#latest;
  }

  setTimer(delay: number, callback: () => void): Timer {
    const timeout = setTimeout(callback, delay).unref();
    return { cancel: () => clearTimeout(timeout) };
  }
}
