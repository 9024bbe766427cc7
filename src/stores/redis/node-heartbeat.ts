import type { Clock } from '../../time/clock.js';
import { Interval } from '../../time/interval.js';
import type { Calls } from './calls.js';
import type { Keys } from './keys.js';
import type { NoticeReceiver } from './notice-receiver.js';
import { accepted, nodeStatusOf, type Reply } from './reply-decoders.js';

/** Milliseconds between two heartbeats. */
const pauseMs = 2_000;

/**
 * Registers this node in every bucket. At every heartbeat, asks each bucket for the number of its latest notice to this
 * node, and whether the node is still subscribed.
 */
export class NodeHeartbeat {
  readonly #queue: Calls;
  readonly #keys: Keys;
  readonly #node: string;
  readonly #interval: Interval;
  #notices: NoticeReceiver | undefined;

  constructor(queue: Calls, keys: Keys, node: string, clock: Clock) {
    this.#queue = queue;
    this.#keys = keys;
    this.#node = node;
    this.#interval = new Interval(clock, pauseMs, () => this.#beatUnlessUnavailable());
  }

  /** @param notices receives the reply of each bucket, and checks that all notices arrived */
  async start(notices: NoticeReceiver): Promise<void> {
    this.#notices = notices;
    await this.#beat(notices);
    this.#interval.start();
  }

  stop(): Promise<void> {
    return this.#interval.stop();
  }

  async leave(): Promise<void> {
    // If a bucket does not answer, the other nodes forget this node later.
    await Promise.allSettled(this.#keys.buckets.map((bucket) => this.#call(bucket, 'leave', accepted)));
  }

  async #beat(notices: NoticeReceiver): Promise<void> {
    await Promise.all(
      this.#keys.buckets.map(async (bucket) => {
        notices.verify(bucket, await this.#call(bucket, 'heartbeat', nodeStatusOf));
      }),
    );
  }

  async #beatUnlessUnavailable(): Promise<void> {
    try {
      if (this.#notices !== undefined) await this.#beat(this.#notices);
    } catch {
      // Redis is unavailable, and every caller gets that error. When Redis is back, all waiting polls read again.
    }
  }

  #call<Result>(bucket: string, operation: string, decode: (reply: Reply) => Result): Promise<Result> {
    return this.#queue.call({ bucket, operation, keys: [this.#keys.nodes(bucket)], args: [this.#node], decode });
  }
}
