/** A power of two. With a million entries, the table of a shard grows in about a millisecond. */
const shardCount = 256;

/**
 * A map whose growth never stops the process for long. A single Map of a million entries would rehash all of them at
 * the same time, which blocks the event loop for a tenth of a second.
 */
export class ShardedMap<Value> {
  readonly #shards: (Map<string, Value> | undefined)[] = new Array(shardCount).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#shards[shardOf(key)]?.get(key);
  }

  set(key: string, value: Value): void {
    const index = shardOf(key);
    let shard = this.#shards[index];
    if (shard === undefined) {
      shard = new Map();
      this.#shards[index] = shard;
    }
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  delete(key: string): boolean {
    const deleted = this.#shards[shardOf(key)]?.delete(key) ?? false;
    if (deleted) this.#size -= 1;
    return deleted;
  }
}

/** Hashes a few characters and the length: cheap, and varied enough for ids, numbers and mail addresses. */
function shardOf(key: string): number {
  const { length } = key;
  const mixed =
    key.charCodeAt(0) * 31 +
    key.charCodeAt(length >>> 2) * 17 +
    key.charCodeAt(length >>> 1) * 13 +
    key.charCodeAt(length - 1) * 7 +
    length;
  return mixed & (shardCount - 1);
}
