import { BoundedMap } from '../../../caching/bounded-map.js';
import type { ChangeWatcher } from '../../../store/change-feed.js';

interface Entry<Value> {
  readonly secretHash: string;
  readonly value: Value;
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
}

/** A read in progress. If the session changes before its result, the result must not be cached. */
export interface Fill {
  readonly key: string;
  readers: number;
  isStale: boolean;
}

/**
 * LRU cache of sessions that were read. The store notifies the cache of every change. While the store can't, the cache
 * stays empty.
 */
export class ReadCache<Value> implements ChangeWatcher {
  readonly #lifetime: number;
  readonly #entries: BoundedMap<string, Entry<Value>>;
  readonly #fills = new Map<string, Fill>();
  #isNotified = true;

  /**
   * @param lifetime maximum age of an entry in milliseconds
   * @param most maximum number of entries
   */
  constructor(lifetime: number, most: number) {
    this.#lifetime = lifetime;
    this.#entries = new BoundedMap(most);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the cached value, if the hash of the secret matches. */
  find(app: string, id: string, secretHash: string, now: number): Value | undefined {
    const key = keyOf(app, id);
    const entry = this.#entries.get(key);
    // No timing attack is possible: an attacker who guesses a secret can't choose its hash, so the time of the
    // comparison reveals nothing.
    if (entry === undefined || entry.secretHash !== secretHash) return undefined;
    if (entry.until <= now) {
      this.#entries.delete(key);
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Marks the beginning of a read. Call it before the store is read, and pass the result to `end` afterwards. */
  begin(app: string, id: string): Fill {
    const key = keyOf(app, id);
    let fill = this.#fills.get(key);
    if (fill === undefined) {
      fill = { key, readers: 0, isStale: !this.#isNotified };
      this.#fills.set(key, fill);
    }
    fill.readers += 1;
    return fill;
  }

  /** Marks the end of a read. Call it after the store has answered or failed. */
  end(fill: Fill): void {
    fill.readers -= 1;
    if (fill.readers === 0 && this.#fills.get(fill.key) === fill) this.#fills.delete(fill.key);
  }

  /** @param life milliseconds until the session expires; the entry does not outlive the session */
  keep(fill: Fill, secretHash: string, value: Value, now: number, life: number): void {
    if (fill.isStale) return;
    this.#entries.set(fill.key, { secretHash, value, until: now + Math.min(this.#lifetime, life) });
  }

  changed(app: string, id: string): void {
    const key = keyOf(app, id);
    this.#entries.delete(key);
    const fill = this.#fills.get(key);
    if (fill === undefined) return;
    fill.isStale = true;
    this.#fills.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    for (const fill of this.#fills.values()) fill.isStale = true;
    this.#fills.clear();
  }

  interrupted(): void {
    this.#isNotified = false;
    this.clear();
  }

  resumed(): void {
    this.clear();
    this.#isNotified = true;
  }
}

function keyOf(app: string, id: string): string {
  return `${app}:${id}`;
}
