import type { ChangeWatcher } from '../../../store/change-feed.js';

interface Entry<Value> {
  readonly secretHash: string;
  readonly value: Value;
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
}

/** A question under way, whose answer is of no use for the cache if the session changes meanwhile. */
export interface Fill {
  readonly key: string;
  askers: number;
  isStale: boolean;
}

/**
 * What was read of sessions lately, least recently used first out. It hears of every change; while it can't, it holds
 * nothing.
 */
export class ReadCache<Value> implements ChangeWatcher {
  readonly #lifetime: number;
  readonly #most: number;
  /** Least recently used first: the order in which a Map keeps what is put into it. */
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #fills = new Map<string, Fill>();
  #hears = true;

  /**
   * @param lifetime milliseconds
   * @param most entries
   */
  constructor(lifetime: number, most: number) {
    this.#lifetime = lifetime;
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, for one who has the secret. */
  find(app: string, id: string, secretHash: string, now: number): Value | undefined {
    const key = keyOf(app, id);
    const entry = this.#entries.get(key);
    // Comparing hashes tells nothing by its time: nobody can choose the hash of what he guesses.
    if (entry === undefined || entry.secretHash !== secretHash) return undefined;
    this.#entries.delete(key);
    if (entry.until <= now) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Before the store is asked. Each must be handed to `end`. */
  begin(app: string, id: string): Fill {
    const key = keyOf(app, id);
    let fill = this.#fills.get(key);
    if (fill === undefined) {
      fill = { key, askers: 0, isStale: !this.#hears };
      this.#fills.set(key, fill);
    }
    fill.askers += 1;
    return fill;
  }

  /** After the store has answered, if with nothing. */
  end(fill: Fill): void {
    fill.askers -= 1;
    if (fill.askers === 0 && this.#fills.get(fill.key) === fill) this.#fills.delete(fill.key);
  }

  /** @param life milliseconds that the session has at least: no entry outlives it */
  keep(fill: Fill, secretHash: string, value: Value, now: number, life: number): void {
    if (fill.isStale) return;
    this.#entries.delete(fill.key);
    this.#entries.set(fill.key, { secretHash, value, until: now + Math.min(this.#lifetime, life) });
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
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
    this.#hears = false;
    this.clear();
  }

  resumed(): void {
    this.clear();
    this.#hears = true;
  }
}

function keyOf(app: string, id: string): string {
  return `${app}:${id}`;
}
