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

/** Milliseconds between two attempts to claim a session that another receiver has claimed. */
const claimedPauseMs = 20;

/** One of the two sessions of a handover. */
interface Party {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Returns the key, the JSON before and the JSON after of each attribute that differs. The JSON is '' if there was no
 * such attribute. Both arguments alternate keys and JSON, in any order.
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
 * Carries out `replace`: with one script, or in steps between two buckets of a Cluster. scripts/operations/handover.lua
 * describes what others may see of the steps. If several sessions replace the same old session, one of them claims it.
 * The others wait, and then find it closed.
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

  /**
   * Claims the old session, and lets the receiver inherit a copy. Retries while another session takes over the
   * receiver.
   */
  async #takeOver(newId: string, receiver: Party, old: Party): Promise<{ offer: Reply; inherited: Reply }> {
    for (;;) {
      accepted(await this.#call(receiver, 'get', []));
      const offer = await this.#claim(old, newId);
      try {
        const inherited = await this.#inherit(receiver, textsAt(offer, 1), textsAt(offer, 2));
        if (inherited[0] !== 'claimed') return { offer, inherited: accepted(inherited) };
      } catch (error) {
        // If `withdraw` fails, too, the claim expires by itself. The caller needs the first error.
        await this.#call(old, 'withdraw', []).catch(() => {});
        throw error;
      }
      await this.#call(old, 'withdraw', []);
      // The pause is partly random, so that two sessions that take over each other do not refuse each other again.
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
