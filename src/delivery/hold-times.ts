import type { Clock, Timer } from '../time/clock.js';

/** Clock of the holds. It may count from any start. */
export type HoldClock = Pick<Clock, 'now' | 'setTimer'>;

/** One element of the queues of `HoldTimes`. Only `HoldTimes` changes `queue`, `previous` and `next`. */
export interface Hold<Each> {
  /** When the hold ends, on the clock of `HoldTimes`. */
  readonly deadline: number;
  queue: HoldQueue<Each> | undefined;
  previous: Each | undefined;
  next: Each | undefined;
}

/** Holds that had the same time left when they were added. They become due in the order in which they were added. */
export interface HoldQueue<Each> {
  /** In milliseconds. */
  readonly delay: number;
  first: Each | undefined;
  last: Each | undefined;
  timer: Timer | undefined;
}

/**
 * Calls back when the deadline of a hold arrives. All holds of one length share one timer. A separate timer would take
 * 400 bytes per hold, and nearly all timers would be cancelled unused.
 */
export class HoldTimes<Each extends Hold<Each>> {
  readonly #clock: HoldClock;
  readonly #onDue: (hold: Each) => void;
  /** The queues by their delay. */
  readonly #queues = new Map<number, HoldQueue<Each>>();

  constructor(clock: HoldClock, onDue: (hold: Each) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** @param now the time by the clock of `HoldTimes` */
  add(hold: Each, now = this.#clock.now()): void {
    const delay = Math.max(0, hold.deadline - now);
    let queue = this.#queues.get(delay);
    if (queue === undefined) {
      queue = { delay, first: undefined, last: undefined, timer: undefined };
      this.#queues.set(delay, queue);
      this.#setTimer(queue, delay);
    }
    hold.queue = queue;
    hold.previous = queue.last;
    if (queue.last === undefined) queue.first = hold;
    else queue.last.next = hold;
    queue.last = hold;
  }

  /** Has no effect on a hold that was not added, or that is due or removed already. */
  remove(hold: Each): void {
    const { queue } = hold;
    if (queue === undefined) return;
    this.#unlink(queue, hold);
    if (queue.first === undefined) this.#drop(queue);
  }

  #drop(queue: HoldQueue<Each>): void {
    queue.timer?.cancel();
    if (this.#queues.get(queue.delay) === queue) this.#queues.delete(queue.delay);
  }

  #unlink(queue: HoldQueue<Each>, hold: Each): void {
    const { previous, next } = hold;
    if (previous === undefined) queue.first = next;
    else previous.next = next;
    if (next === undefined) queue.last = previous;
    else next.previous = previous;
    hold.queue = undefined;
    hold.previous = undefined;
    hold.next = undefined;
  }

  /** Ends the holds that are due: perhaps none, as the hold for which the timer was set may have been removed since. */
  #endDue(queue: HoldQueue<Each>): void {
    const now = this.#clock.now();
    try {
      for (let { first } = queue; first !== undefined && first.deadline <= now; first = queue.first) {
        this.#unlink(queue, first);
        this.#onDue(first);
      }
    } finally {
      // Even after an exception of a callback: the other holds of the queue have no other timer.
      if (queue.first === undefined) this.#drop(queue);
      else this.#setTimer(queue, Math.max(0, queue.first.deadline - now));
    }
  }

  #setTimer(queue: HoldQueue<Each>, delay: number): void {
    queue.timer = this.#clock.setTimer(delay, () => this.#endDue(queue));
  }
}
