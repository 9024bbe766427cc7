import { Clock, type Timer } from '../time/clock.js';

interface SetTimer {
  readonly dueAt: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that only `advance` moves. */
export class ManualClock extends Clock {
  #now: number;
  #sequence = 0;
  readonly #timers = new Set<SetTimer>();

  constructor(now = 1_700_000_000_000) {
    super();
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Number of timers that are set and have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimer(delay: number, callback: () => void): Timer {
    this.#sequence += 1;
    const timer = { dueAt: this.#now + delay, sequence: this.#sequence, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Moves the time forward and fires the due timers in order. Lets promises settle after each timer and at the end. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#timers.delete(next);
      await this.#moveTo(Math.max(this.#now, next.dueAt));
      next.callback();
      await this.settle();
    }
    await this.#moveTo(end);
    await this.settle();
  }

  /** Called before the time moves on. Lets promises and immediates run. A subclass may wait for more. */
  settle(): Promise<void> {
    return settle();
  }

  /** Called after each step of time, before its timers fire. A subclass moves other clocks here. */
  protected async moved(): Promise<void> {}

  async #moveTo(time: number): Promise<void> {
    this.#now = time;
    await this.moved();
  }

  #nextDue(end: number): SetTimer | undefined {
    let next: SetTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > end) continue;
      if (
        next === undefined ||
        timer.dueAt < next.dueAt ||
        (timer.dueAt === next.dueAt && timer.sequence < next.sequence)
      ) {
        next = timer;
      }
    }
    return next;
  }
}

/** Lets promises and immediates run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
