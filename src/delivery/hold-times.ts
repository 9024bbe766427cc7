import type { Clock, Timer } from '../time/clock.js';

/** What `HoldTimes` keeps on each of those it holds, and nobody else may change. */
export interface Hold<Each> {
  readonly deadline: number;
  queue: HoldQueue<Each> | undefined;
  before: Each | undefined;
  after: Each | undefined;
}

/** Those held for the same time: they come due in the order in which they came. */
export interface HoldQueue<Each> {
  readonly delay: number;
  first: Each | undefined;
  last: Each | undefined;
  timer: Timer | undefined;
}

/**
 * Ends holds when their time is up, with one timer for all holds of the same length: a timer for each takes 400 bytes
 * more, and nearly all of them would be cancelled unused.
 */
export class HoldTimes<Each extends Hold<Each>> {
  readonly #clock: Clock;
  readonly #onDue: (hold: Each) => void;
  readonly #queues = new Map<number, HoldQueue<Each>>();

  constructor(clock: Clock, onDue: (hold: Each) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  add(hold: Each): void {
    const delay = Math.max(0, hold.deadline - this.#clock.now());
    let queue = this.#queues.get(delay);
    if (queue === undefined) {
      queue = { delay, first: undefined, last: undefined, timer: undefined };
      this.#queues.set(delay, queue);
      this.#setTimer(queue, delay);
    }
    hold.queue = queue;
    hold.before = queue.last;
    if (queue.last === undefined) queue.first = hold;
    else queue.last.after = hold;
    queue.last = hold;
  }

  /** Does nothing for one that isn't held. */
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
    const { before, after } = hold;
    if (before === undefined) queue.first = after;
    else before.after = after;
    if (after === undefined) queue.last = before;
    else after.before = before;
    hold.queue = undefined;
    hold.before = undefined;
    hold.after = undefined;
  }

  /** The timer was set for whoever was first then; meanwhile that one may have left. */
  #comeDue(queue: HoldQueue<Each>): void {
    const now = this.#clock.now();
    for (let { first } = queue; first !== undefined; first = queue.first) {
      if (first.deadline > now) {
        this.#setTimer(queue, first.deadline - now);
        return;
      }
      this.#unlink(queue, first);
      this.#onDue(first);
    }
    this.#drop(queue);
  }

  #setTimer(queue: HoldQueue<Each>, delay: number): void {
    queue.timer = this.#clock.setTimer(delay, () => this.#comeDue(queue));
  }
}
