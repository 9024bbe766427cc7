import { setTimeout as wait } from 'node:timers/promises';
import { sessionUnknown } from '../../errors/session-error.js';
import type { Replacement } from '../../store/session-store.js';
import type { Argument, CallQueue } from './call-queue.js';
import type { Keys } from './keys.js';
import { accepted, closedOf, listAt, numberAt, ownRecordOf, type Reply, textAt, textsAt } from './replies.js';

/** Between two looks at an old session that another one is just taking over. Milliseconds. */
const claimedPause = 20;

interface Side {
  readonly bucket: string;
  readonly key: string;
}

/**
 * `replace` between two buckets of a Cluster, in steps: see scripts/operations/handover.lua for what may be seen of it.
 * Of several that replace one session, one claims it; the others wait, and find it closed.
 */
export class Handover {
  readonly #queue: CallQueue;
  readonly #keys: Keys;

  constructor(queue: CallQueue, keys: Keys) {
    this.#queue = queue;
    this.#keys = keys;
  }

  async replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    const taker = this.#side(app, newId);
    const old = this.#side(app, oldId);
    accepted(await this.#call(taker, 'get', []));
    const offer = await this.#claim(old, newId);
    const attributes = textsAt(offer, 1);
    let inherited: Reply;
    try {
      inherited = await this.#inherit(taker, attributes, textsAt(offer, 2));
    } catch (error) {
      await this.#call(old, 'withdraw', []);
      throw error;
    }
    const left = numberAt(inherited, 2);
    const surrendered = accepted(await this.#call(old, 'surrender', [textAt(offer, 3), numberAt(offer, 4), left]));
    const closed = closedOf(listAt(surrendered, 1));
    const since = textsAt(surrendered, 2);
    if (since.length === 0) return { record: ownRecordOf(app, newId, inherited), closed };
    const more = await this.#inherit(taker, [], since);
    const undelivered = closed.undelivered + numberAt(more, 2);
    return { record: ownRecordOf(app, newId, more), closed: { ...closed, undelivered } };
  }

  async #claim(old: Side, newId: string): Promise<Reply> {
    for (;;) {
      const offer = await this.#call(old, 'offer', [newId]);
      if (offer[0] !== 'claimed') return accepted(offer);
      await wait(claimedPause);
    }
  }

  async #inherit(taker: Side, attributes: readonly string[], elements: readonly string[]): Promise<Reply> {
    const args = [attributes.length / 2, ...attributes, elements.length, ...elements];
    return accepted(await this.#call(taker, 'inherit', args));
  }

  #side(app: string, id: string): Side {
    const bucket = this.#keys.bucketOf(id);
    if (bucket === undefined) throw sessionUnknown();
    return { bucket, key: this.#keys.session(bucket, app, id) };
  }

  #call({ bucket, key }: Side, operation: string, args: readonly Argument[]): Promise<Reply> {
    return this.#queue.call({ bucket, operation, keys: [key], args, decode: (reply) => reply });
  }
}
