import { idLength } from '../../store/session-token.js';
import { grownCopy } from './ordered-list.js';

const none = -1;
/** An id in words of four characters of seven bits each, then the id's hash, then the next slot in its bucket. */
const idWords = idLength / 4;
const hashPlace = idWords;
const nextPlace = idWords + 1;
const nodeLength = idWords + 2;
/** Nodes live in chunks, because copying them all to grow would stop the process for tens of milliseconds. */
const chunkBits = 14;
const chunkMask = (1 << chunkBits) - 1;

/**
 * Finds what lies at a slot by its session id: a hash table by linear hashing (Litwin, 1980), which grows by one bucket
 * with each insertion, so that no insertion ever stops to rehash the whole. The ids themselves are in it, in the cache
 * line where the search arrives anyway: among a million sessions, following a pointer to a string costs more than all
 * the rest. Ids are given out at random by this process, so that no client can choose them to collide.
 */
export class IdTable<Item extends { readonly id: string }> {
  readonly #items: readonly (Item | undefined)[];
  readonly #chunks: Int32Array[] = [];
  /** For each bucket its first slot. */
  #heads: Int32Array = new Int32Array(64).fill(none);
  /** Buckets at the start of this round of growth: a power of two. */
  #round = 32;
  /** Buckets below this one have been split in this round. */
  #split = 0;
  #size = 0;

  /** @param items what lies at each slot, kept by the owner of the slots */
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

  /** @param slot where the item lies already; its id is of the length of session ids */
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

  /** Shares one bucket's slots out between itself and the new last one. */
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

/** Four characters of the id. Letters and digits have seven bits; anything else is no id, and gets a word of no id. */
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
