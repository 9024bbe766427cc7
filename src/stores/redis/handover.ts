import { setTimeout as wait } from 'node:timers/promises';
import { sessionUnknown } from '../../errors/session-error.js';
import type { Replacement } from '../../store/session-store.js';
import type { Argument, Calls } from './calls.js';
import type { Keys } from './keys.js';
import {
  accepted,
  closedOf,
  listAt,
  numberAt,
  ownRecordOf,
  type Reply,
  replacementOf,
  textAt,
  textsAt,
} from './reply-decoders.js';

/** Between two attempts to claim a session that another receiver has claimed. */
const claimedPauseMs = 20;

/** One of the two sessions. */
interface Party {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Key, JSON before and JSON after of each attribute that differs, '' where there was none. Both lists alternate keys and
 * JSON, in any order.
 */
function changesBetween(before: readonly string[], after: readonly string[]): readonly string[] {
  const [old, latest] = [pairsOf(before), pairsOf(after)];
  const changes: string[] = [];
  for (const key of new Set([...old.keys(), ...latest.keys()])) {
    const [from = '', to = ''] = [old.get(key), latest.get(key)];
    if (from !== to) changes.push(key, from, to);
  }
  return changes;
}

function pairsOf(texts: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (let index = 0; index + 1 < texts.length; index += 2) pairs.set(texts[index] ?? '', texts[index + 1] ?? '');
  return pairs;
}

/**
 * `replace`: one script, but between two buckets of a Cluster, in steps; scripts/operations/handover.lua says what others may see of them.
 * If several sessions replace the same one, one of them claims it; the others wait, and find it closed.
 */
export class Handover {
  readonly #queue: Calls;
  readonly #keys: Keys;
  readonly #isCluster: boolean;

  constructor(queue: Calls, keys: Keys, isCluster: boolean) {
    this.#queue = queue;
    this.#keys = keys;
    this.#isCluster = isCluster;
  }

  async replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    const receiver = this.#party(app, newId);
    if (this.#keys.bucketOf(oldId) === undefined) accepted(await this.#call(receiver, 'get', []));
    const old = this.#party(app, oldId);
    if (this.#isCluster && receiver.bucket !== old.bucket) return this.#replaceInSteps(app, newId, receiver, old);
    return this.#queue.call({
      bucket: receiver.bucket,
      operation: 'replace',
      keys: [receiver.key, old.key],
      args: [],
      decode: (reply) => replacementOf(app, newId, reply),
    });
  }

  async #replaceInSteps(app: string, newId: string, receiver: Party, old: Party): Promise<Replacement> {
    const { offer, inherited } = await this.#takeOver(newId, receiver, old);
    const left = numberAt(inherited, 2);
    const surrendered = accepted(await this.#call(old, 'surrender', [textAt(offer, 3), numberAt(offer, 4), left]));
    const closed = closedOf(listAt(surrendered, 1));
    const elements = textsAt(surrendered, 2);
    const changes = changesBetween(textsAt(offer, 1), textsAt(surrendered, 3));
    if (elements.length === 0 && changes.length === 0) return { record: ownRecordOf(app, newId, inherited), closed };
    const args = [changes.length / 3, ...changes, elements.length, ...elements];
    const more = accepted(await this.#call(receiver, 'inheritSince', args));
    const undelivered = closed.undelivered + numberAt(more, 2);
    return { record: ownRecordOf(app, newId, more), closed: { ...closed, undelivered } };
  }

  /** The receiver inherits a copy, once no other session takes over the receiver itself. */
  async #takeOver(newId: string, receiver: Party, old: Party): Promise<{ offer: Reply; inherited: Reply }> {
    for (;;) {
      accepted(await this.#call(receiver, 'get', []));
      const offer = await this.#claim(old, newId);
      try {
        const inherited = await this.#inherit(receiver, textsAt(offer, 1), textsAt(offer, 2));
        if (inherited[0] !== 'claimed') return { offer, inherited: accepted(inherited) };
      } catch (error) {
        // Left as it is, the claim expires. What matters to the caller is the first error.
        await this.#call(old, 'withdraw', []).catch(() => {});
        throw error;
      }
      await this.#call(old, 'withdraw', []);
      // At random, so that two sessions that take over each other do not refuse each other again.
      await wait(claimedPauseMs * (0.5 + Math.random()));
    }
  }

  async #claim(old: Party, newId: string): Promise<Reply> {
    for (;;) {
      const offer = await this.#call(old, 'offer', [newId]);
      if (offer[0] !== 'claimed') return accepted(offer);
      await wait(claimedPauseMs);
    }
  }

  #inherit(receiver: Party, attributes: readonly string[], elements: readonly string[]): Promise<Reply> {
    const args = [attributes.length / 2, ...attributes, elements.length, ...elements];
    return this.#call(receiver, 'inherit', args);
  }

  #party(app: string, id: string): Party {
    const bucket = this.#keys.bucketOf(id);
    if (bucket === undefined) throw sessionUnknown();
    return { bucket, key: this.#keys.session(bucket, app, id) };
  }

  #call({ bucket, key }: Party, operation: string, args: readonly Argument[]): Promise<Reply> {
    return this.#queue.call({ bucket, operation, keys: [key], args, decode: (reply) => reply });
  }
}
