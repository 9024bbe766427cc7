/** A timer that was set and has not fired yet. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as everything here sees it. Tests bind a clock that they turn by hand. */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. Never less than it was: lists ordered by time rely on it. */
  abstract now(): number;

  /** Calls back once after `delay` milliseconds (at most 2^31 − 1). A set timer never keeps the process alive. */
  abstract setTimer(delay: number, callback: () => void): Timer;
}

export class SystemClock extends Clock {
  #latest = 0;

  now(): number {
    const wallTime = Date.now();
    // A wall clock that is set back stands still here until it has caught up.
    if (wallTime > this.#latest) this.#latest = wallTime;
    return this.#latest;
  }

  setTimer(delay: number, callback: () => void): Timer {
    const timeout = setTimeout(callback, delay).unref();
    return { cancel: () => clearTimeout(timeout) };
  }
}
