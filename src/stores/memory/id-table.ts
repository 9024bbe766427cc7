import { grownCopy } from './ordered-list.js';

const none = -1;

/**
 * Finds what lies at a slot by its id: a hash table by linear hashing (Litwin, 1980), which grows by one bucket with
 * each insertion, so that no insertion ever stops to rehash the whole. Ids are given out at random by this process, so
 * nobody can choose them to collide. Twelve bytes a session, where a Map takes some forty.
 */
export class IdTable<Item extends { readonly id: string }> {
  readonly #items: readonly (Item | undefined)[];
  /** For each slot the hash of its id and the next slot in its bucket, side by side: they are looked at together. */
  #nodes: Int32Array = new Int32Array(128);
  /** For each bucket its first slot. */
  #heads: Int32Array = new Int32Array(64).fill(none);
  /** Buckets at the start of this round of growth: a power of two. */
  #round = 32;
  /** Buckets below this one have been split in this round. */
  #split = 0;
  #size = 0;

  /** @param items what lies at each slot, kept by whoever owns the slots */
  constructor(items: readonly (Item | undefined)[]) {
    this.#items = items;
  }

  get size(): number {
    return this.#size;
  }

  find(id: string): Item | undefined {
    const hash = hashOf(id);
    let slot = this.#heads[this.#bucketOf(hash)] ?? none;
    while (slot !== none) {
      if (this.#nodes[slot * 2] === hash) {
        const item = this.#items[slot];
        if (item?.id === id) return item;
      }
      slot = this.#next(slot);
    }
    return undefined;
  }

  /** @param slot where the item lies already */
  insert(slot: number, { id }: Item): void {
    if (slot * 2 >= this.#nodes.length) this.#nodes = grownCopy(this.#nodes, this.#nodes.length * 2, none);
    const hash = hashOf(id);
    this.#nodes[slot * 2] = hash;
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
      this.#nodes[before * 2 + 1] = after;
    }
    this.#size -= 1;
  }

  #hash(slot: number): number {
    return this.#nodes[slot * 2] ?? 0;
  }

  #next(slot: number): number {
    return this.#nodes[slot * 2 + 1] ?? none;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#round - 1);
    return bucket < this.#split ? hash & (2 * this.#round - 1) : bucket;
  }

  #push(bucket: number, slot: number): void {
    this.#nodes[slot * 2 + 1] = this.#heads[bucket] ?? none;
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
