import type { Clock } from '../../time/clock.js';
import { Interval } from '../../time/interval.js';
import type { CallQueue } from './call-queue.js';
import type { Keys } from './keys.js';
import type { NoticeBoard } from './notice-board.js';
import { accepted, attendanceOf, type Reply } from './replies.js';

/** How often a node shows that it lives, and asks what it was told. Milliseconds. */
const pause = 2_000;

/** This node among those that share the sessions: it shows in every bucket that it lives, and takes leave at its end. */
export class Attendance {
  readonly #queue: CallQueue;
  readonly #keys: Keys;
  readonly #node: string;
  readonly #interval: Interval;
  #notices: NoticeBoard | undefined;

  constructor(queue: CallQueue, keys: Keys, node: string, clock: Clock) {
    this.#queue = queue;
    this.#keys = keys;
    this.#node = node;
    this.#interval = new Interval(clock, pause, () => this.#attendOrWait());
  }

  /** @param notices is told which notices there should have been */
  async start(notices: NoticeBoard): Promise<void> {
    this.#notices = notices;
    await this.#attend(notices);
    this.#interval.start();
  }

  stop(): Promise<void> {
    return this.#interval.stop();
  }

  async leave(): Promise<void> {
    // What can't be taken back now is forgotten by the others in time.
    await Promise.allSettled(this.#keys.buckets.map((bucket) => this.#call(bucket, 'leave', accepted)));
  }

  async #attend(notices: NoticeBoard): Promise<void> {
    await Promise.all(
      this.#keys.buckets.map(async (bucket) => {
        notices.verify(bucket, await this.#call(bucket, 'attend', attendanceOf));
      }),
    );
  }

  async #attendOrWait(): Promise<void> {
    try {
      if (this.#notices !== undefined) await this.#attend(this.#notices);
    } catch {
      // The server is away, and says so to every caller; once it is back, whoever waits reads again.
    }
  }

  #call<Result>(bucket: string, operation: string, decode: (reply: Reply) => Result): Promise<Result> {
    return this.#queue.call({ bucket, operation, keys: [this.#keys.nodes(bucket)], args: [this.#node], decode });
  }
}
