import type { SessionStore } from '../../../src/index.js';

const NOT_COUNTED = new Set(['constructor', 'open', 'close', 'idPrefix']);

/** Counts the operations that a node calls on its store, even if several are sent as one command. */
export class CallCounter {
  readonly #counts = new Map<string, number>();

  constructor(store: SessionStore) {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(store))) {
      const operation: unknown = Reflect.get(store, name);
      if (NOT_COUNTED.has(name) || typeof operation !== 'function') continue;
      const counted = (...args: unknown[]): unknown => {
        this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
        return Reflect.apply(operation, store, args);
      };
      Object.defineProperty(store, name, { value: counted });
    }
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }
}
