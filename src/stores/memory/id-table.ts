import { grownCopy } from './ordered-list.js';

const none = -1;

/**
 * Finds slots by session id: a hash table by linear hashing (Litwin, 1980), which grows by one bucket with each
 * insertion, so that no insertion ever stops to rehash the whole. Ids are given out at random by this process, so
 * nobody can choose them to collide. Twelve bytes a session, where a Map takes some forty.
 */
export class IdTable {
  readonly #ids: readonly (string | undefined)[];
  #hashes: Int32Array = new Int32Array(64);
  #next: Int32Array = new Int32Array(64);
  #heads: Int32Array = new Int32Array(64).fill(none);
  /** Buckets at the start of this round of growth: a power of two. */
  #round = 32;
  /** Buckets below this one have been split in this round. */
  #split = 0;
  #size = 0;

  /** @param ids the id at each slot, kept by whoever owns the slots */
  constructor(ids: readonly (string | undefined)[]) {
    this.#ids = ids;
  }

  get size(): number {
    return this.#size;
  }

  find(id: string): number | undefined {
    const hash = hashOf(id);
    let slot = this.#heads[this.#bucketOf(hash)] ?? none;
    while (slot !== none) {
      if (this.#hashes[slot] === hash && isSame(this.#ids[slot] ?? '', id)) return slot;
      slot = this.#next[slot] ?? none;
    }
    return undefined;
  }

  /** @param slot must hold the id already */
  insert(slot: number, id: string): void {
    this.#reserve(slot);
    const hash = hashOf(id);
    this.#hashes[slot] = hash;
    this.#push(this.#bucketOf(hash), slot);
    this.#size += 1;
    if (this.#size > this.#round + this.#split) this.#grow();
  }

  /** @param slot must be in the table */
  remove(slot: number): void {
    const bucket = this.#bucketOf(this.#hashes[slot] ?? 0);
    const after = this.#next[slot] ?? none;
    let before = this.#heads[bucket] ?? none;
    if (before === slot) {
      this.#heads[bucket] = after;
    } else {
      while (this.#next[before] !== slot) before = this.#next[before] ?? none;
      this.#next[before] = after;
    }
    this.#size -= 1;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#round - 1);
    return bucket < this.#split ? hash & (2 * this.#round - 1) : bucket;
  }

  #push(bucket: number, slot: number): void {
    this.#next[slot] = this.#heads[bucket] ?? none;
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
      const after = this.#next[slot] ?? none;
      this.#push(this.#bucketOf(this.#hashes[slot] ?? 0), slot);
      slot = after;
    }
  }

  #reserve(slot: number): void {
    if (slot < this.#hashes.length) return;
    this.#hashes = grownCopy(this.#hashes, this.#hashes.length * 2, 0);
    this.#next = grownCopy(this.#next, this.#next.length * 2, none);
  }
}

function hashOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index += 1) hash = (Math.imul(hash, 31) + id.charCodeAt(index)) | 0;
  return hash ^ (hash >>> 15);
}

/** As `===`, which takes a slow path for the part of a token that an id nearly always is. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) {
    if (one.charCodeAt(index) !== other.charCodeAt(index)) return false;
  }
  return true;
}
