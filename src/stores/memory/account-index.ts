import type { MemoryEntry } from './memory-entry.js';
import { ShardedMap } from './sharded-map.js';

const noEntries: readonly MemoryEntry[] = [];

/** The sessions of each account, in order of creation. An account with one session, the common case, needs no set. */
export class AccountIndex {
  readonly #accounts = new ShardedMap<MemoryEntry | Set<MemoryEntry>>();

  entries(accountId: string): readonly MemoryEntry[] {
    const found = this.#accounts.get(accountId);
    if (found === undefined) return noEntries;
    return found instanceof Set ? [...found] : [found];
  }

  count(accountId: string): number {
    const found = this.#accounts.get(accountId);
    if (found === undefined) return 0;
    return found instanceof Set ? found.size : 1;
  }

  add(entry: MemoryEntry): void {
    const found = this.#accounts.get(entry.accountId);
    if (found === undefined) this.#accounts.set(entry.accountId, entry);
    else if (found instanceof Set) found.add(entry);
    else this.#accounts.set(entry.accountId, new Set([found, entry]));
  }

  remove(entry: MemoryEntry): void {
    const found = this.#accounts.get(entry.accountId);
    if (found instanceof Set) found.delete(entry);
    if (found === entry || (found instanceof Set && found.size === 0)) this.#accounts.delete(entry.accountId);
  }
}
