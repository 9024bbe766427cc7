/**
 * A Map with a maximum number of entries. Beyond the maximum, it removes the entry whose key was set first. If the
 * caller sets a key again at each use, this is the least recently used entry. The time of an operation does not depend
 * on the number of entries.
 */
export class BoundedMap<Key, Value> {
  readonly #most: number;
  readonly #entries = new Map<Key, Value>();
  /**
   * Iterator of all removals. All entries before its position have been removed. A new iterator for each removal would
   * begin at the first slot of the table. V8 leaves the slots of deleted entries empty until the table grows: with ten
   * thousand entries, a new iterator passed thousands of empty slots.
   */
  readonly #oldestFirst = this.#entries.keys();

  /** @param most maximum number of entries; at least 1 */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** Makes the key the newest, even if it was set before. */
  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#most) this.#removeOldest();
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #removeOldest(): void {
    const oldest = this.#oldestFirst.next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}
