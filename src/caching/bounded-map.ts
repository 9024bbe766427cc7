/**
 * A Map that keeps so many entries at most: past that, it removes the one whose key was set first. Set anew at each use, the keys
 * are in the order of use, and the one used least recently goes. All operations take the same time, however many entries there are.
 */
export class BoundedMap<Key, Value> {
  readonly #most: number;
  readonly #entries = new Map<Key, Value>();
  /**
   * All entries before its place are gone. An iterator of its own for each removal would begin at the first place of the table, and
   * V8 leaves the places of deleted entries empty until the table grows: with 10 000 entries it passed thousands of them.
   */
  readonly #oldestFirst = this.#entries.keys();

  /** @param most entries; at least 1 */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** The key is the newest from now on, also if it was set before. */
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
