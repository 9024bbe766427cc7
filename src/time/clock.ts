/** A timer that was set and has not fired yet. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  /** Does nothing once the timer has fired. */
  cancel(): void;
}

/** The source of time of the whole service. Tests bind one that they advance themselves. */
export abstract class Clock {
  /**
   * Returns milliseconds since the Unix epoch, a whole number. Advances steadily: it never decreases, because lists
   * ordered by time rely on it, and never jumps, because all deadlines depend on it.
   */
  abstract now(): number;

  /** Calls back once after `delay` milliseconds (at most 2^31 − 1). A pending timer does not keep the process alive. */
  abstract setTimer(delay: number, callback: () => void): Timer;
}

/** Read once, because the global property is a getter. */
const { performance } = globalThis;

/**
 * The wall time at its creation, plus the time that has passed since. It does not follow when the wall clock is set.
 */
export class SystemClock extends Clock {
  readonly #start = Date.now() - performance.now();

  now(): number {
    return Math.floor(this.#start + performance.now());
  }

  setTimer(delay: number, callback: () => void): Timer {
    return startTimer(delay, callback);
  }
}

/**
 * Milliseconds since the process started, only for durations. V8 stores a number of this size inside the object that
 * holds it. A number of milliseconds since the epoch takes 16 additional bytes.
 */
export class UptimeClock {
  now(): number {
    return Math.floor(performance.now());
  }

  setTimer(delay: number, callback: () => void): Timer {
    return startTimer(delay, callback);
  }
}

function startTimer(delay: number, callback: () => void): Timer {
  const timeout = setTimeout(callback, delay).unref();
  return { cancel: () => clearTimeout(timeout) };
}
