import { idLength } from '../../store/session-token.js';
import { grownCopy } from './ordered-list.js';

const none = -1;
/** Layout of a node: the id in words of four characters of seven bits, the id's hash, the next slot in its bucket. */
const idWords = idLength / 4;
const hashPlace = idWords;
const nextPlace = idWords + 1;
const nodeLength = idWords + 2;
/** Nodes are stored in chunks: copying all of them to grow would stop the process for tens of milliseconds. */
const chunkBits = 14;
const chunkMask = (1 << chunkBits) - 1;

/**
 * Finds the item of a slot by its session id. The table uses linear hashing (Litwin, 1980): it grows by one bucket with
 * each insertion, so that no insertion has to rehash the whole table. The ids are stored in the table, in the cache
 * line that a search reads anyway: with a million sessions, following a pointer to a string would cost more than the
 * rest of the search. This process chooses ids at random, so that no client can cause collisions.
 */
export class IdTable<Item extends { readonly id: string }> {
  readonly #items: readonly (Item | undefined)[];
  readonly #chunks: Int32Array[] = [];
  /** The first slot of each bucket. */
  #heads: Int32Array = new Int32Array(64).fill(none);
  /** Number of buckets at the start of this round of growth: a power of two. */
  #round = 32;
  /** All buckets below this index have been split in this round. */
  #split = 0;
  #size = 0;

  /** @param items the item of each slot, maintained by the owner of the slots */
  constructor(items: readonly (Item | undefined)[]) {
    this.#items = items;
  }

  get size(): number {
    return this.#size;
  }

  find(id: string): Item | undefined {
    if (id.length !== idLength) return undefined;
    const hash = hashOf(id);
    let slot = this.#heads[this.#bucketOf(hash)] ?? none;
    while (slot !== none) {
      const chunk = this.#chunk(slot);
      const start = (slot & chunkMask) * nodeLength;
      if (chunk[start + hashPlace] === hash && holds(chunk, start, id)) return this.#items[slot];
      slot = chunk[start + nextPlace] ?? none;
    }
    return undefined;
  }

  /** @param slot already has the item, whose id has the length of session ids */
  insert(slot: number, { id }: Item): void {
    if (slot >>> chunkBits === this.#chunks.length) this.#chunks.push(new Int32Array(nodeLength << chunkBits));
    const chunk = this.#chunk(slot);
    const start = (slot & chunkMask) * nodeLength;
    for (let word = 0; word < idWords; word += 1) chunk[start + word] = wordOf(id, word);
    const hash = hashOf(id);
    chunk[start + hashPlace] = hash;
    this.#push(this.#bucketOf(hash), slot);
    this.#size += 1;
    if (this.#size > this.#round + this.#split) this.#grow();
  }

  /** @param slot must be in the table */
  remove(slot: number): void {
    const bucket = this.#bucketOf(this.#hash(slot));
    const after = this.#next(slot);
    let before = this.#heads[bucket] ?? none;
    if (before === slot) {
      this.#heads[bucket] = after;
    } else {
      while (this.#next(before) !== slot) before = this.#next(before);
      this.#setNext(before, after);
    }
    this.#size -= 1;
  }

  #chunk(slot: number): Int32Array {
    const chunk = this.#chunks[slot >>> chunkBits];
    if (chunk === undefined) throw new RangeError(`Slot ${slot} is not in the table, nor next to it`);
    return chunk;
  }

  #hash(slot: number): number {
    return this.#chunk(slot)[(slot & chunkMask) * nodeLength + hashPlace] ?? 0;
  }

  #next(slot: number): number {
    return this.#chunk(slot)[(slot & chunkMask) * nodeLength + nextPlace] ?? none;
  }

  #setNext(slot: number, next: number): void {
    this.#chunk(slot)[(slot & chunkMask) * nodeLength + nextPlace] = next;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#round - 1);
    return bucket < this.#split ? hash & (2 * this.#round - 1) : bucket;
  }

  #push(bucket: number, slot: number): void {
    this.#setNext(slot, this.#heads[bucket] ?? none);
    this.#heads[bucket] = slot;
  }

  /** Splits one bucket: distributes its slots between itself and a new last bucket. */
  #grow(): void {
    const bucket = this.#split;
    const created = this.#round + bucket;
    if (created >= this.#heads.length) this.#heads = grownCopy(this.#heads, this.#heads.length * 2, none);
    let slot = this.#heads[bucket] ?? none;
    this.#heads[bucket] = none;
    this.#split += 1;
    if (this.#split === this.#round) {
      this.#round *= 2;
      this.#split = 0;
    }
    while (slot !== none) {
      const after = this.#next(slot);
      this.#push(this.#bucketOf(this.#hash(slot)), slot);
      slot = after;
    }
  }
}

function hashOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index += 1) hash = (Math.imul(hash, 31) + id.charCodeAt(index)) | 0;
  return hash ^ (hash >>> 15);
}

/** Packs four characters of seven bits into a word. Returns a word that no id has if a character needs more bits. */
function wordOf(id: string, word: number): number {
  const index = word * 4;
  const first = id.charCodeAt(index);
  const second = id.charCodeAt(index + 1);
  const third = id.charCodeAt(index + 2);
  const fourth = id.charCodeAt(index + 3);
  if ((first | second | third | fourth) > 127) return none;
  return (first << 21) | (second << 14) | (third << 7) | fourth;
}

function holds(chunk: Int32Array, start: number, id: string): boolean {
  for (let word = 0; word < idWords; word += 1) {
    if (chunk[start + word] !== wordOf(id, word)) return false;
  }
  return true;
}
