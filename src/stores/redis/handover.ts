import { setTimeout as wait } from 'node:timers/promises';
import { sessionUnknown } from '../../errors/session-error.js';
import type { ClosedSession } from '../../store/session-record.js';
import type { Replacement } from '../../store/session-store.js';
import { newId as makeId } from '../../store/session-token.js';
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
import { callsFailed } from './unavailable.js';

/** Milliseconds between two attempts to claim a session that another handover has claimed. */
const claimedPauseMs = 20;

/** Number of attempts to close the old session. The last one closes it even if it has just changed. */
const mostAttempts = 20;

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

/** Returns the epoch, the tail and the digest that begin at this index of a reply. */
function placeOf(reply: Reply, index: number): readonly Argument[] {
  return [textAt(reply, index), numberAt(reply, index + 1), textAt(reply, index + 2)];
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
    const name = makeId('');
    try {
      const { offer, inherited } = await this.#takeOver(name, receiver, old);
      const { latest, closed } = await this.#finish(name, receiver, old, offer, inherited);
      return { record: ownRecordOf(app, newId, latest), closed };
    } catch (error) {
      // If `withdraw` fails, too, the claim expires by itself. The caller needs the first error.
      await this.#call(old, 'withdraw', [name]).catch(() => {});
      throw error;
    }
  }

  /**
   * Claims the old session, and lets the receiver inherit a copy. Retries while another session takes over the
   * receiver.
   */
  async #takeOver(name: string, receiver: Party, old: Party): Promise<{ offer: Reply; inherited: Reply }> {
    for (;;) {
      accepted(await this.#call(receiver, 'get', []));
      const offer = await this.#claim(name, old);
      const inherited = await this.#inherit(receiver, textsAt(offer, 1), textsAt(offer, 2));
      if (inherited[0] !== 'claimed') return { offer, inherited: accepted(inherited) };
      await this.#call(old, 'withdraw', [name]);
      // The pause is partly random, so that two sessions that take over each other do not refuse each other again.
      await wait(claimedPauseMs * (0.5 + Math.random()));
    }
  }

  async #claim(name: string, old: Party): Promise<Reply> {
    for (;;) {
      const offer = await this.#call(old, 'offer', [name]);
      if (offer[0] !== 'claimed') return accepted(offer);
      await wait(claimedPauseMs);
    }
  }

  /** Closes the old session. If it has changed, the receiver first inherits the changes. */
  async #finish(
    name: string,
    receiver: Party,
    old: Party,
    offer: Reply,
    inherited: Reply,
  ): Promise<{ latest: Reply; closed: ClosedSession }> {
    let [attributes, place, latest] = [textsAt(offer, 1), placeOf(offer, 3), inherited];
    let left = numberAt(inherited, 2);
    for (let attempt = 1; ; attempt += 1) {
      const args = [name, ...place, left, attempt < mostAttempts ? 0 : 1];
      const surrendered = await this.#call(old, 'surrender', args);
      if (surrendered[0] === 'claimed') throw callsFailed(new Error('The claim of the replaced session has expired'));
      const elements = textsAt(accepted(surrendered), 2);
      const changes = changesBetween(attributes, textsAt(surrendered, 3));
      if (elements.length > 0 || changes.length > 0) {
        const news = [changes.length / 3, ...changes, elements.length, ...elements];
        latest = accepted(await this.#call(receiver, 'inheritSince', news));
        left += numberAt(latest, 2);
      }
      const closed = listAt(surrendered, 1);
      if (closed.length > 0) return { latest, closed: { ...closedOf(closed), undelivered: left } };
      [attributes, place] = [textsAt(surrendered, 3), placeOf(surrendered, 4)];
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
