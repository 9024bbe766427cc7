import type { SessionEntry } from './session-entry.js';
import { ShardedMap } from './sharded-map.js';

const noEntries: readonly SessionEntry[] = [];

/** The sessions of each account, in order of creation. An account with one session, the common case, costs no set. */
export class AccountIndex {
  readonly #accounts = new ShardedMap<SessionEntry | Set<SessionEntry>>();

  entries(accountId: string): readonly SessionEntry[] {
    const found = this.#accounts.get(accountId);
    if (found === undefined) return noEntries;
    return found instanceof Set ? [...found] : [found];
  }

  add(entry: SessionEntry): void {
    const found = this.#accounts.get(entry.accountId);
    if (found === undefined) this.#accounts.set(entry.accountId, entry);
    else if (found instanceof Set) found.add(entry);
    else this.#accounts.set(entry.accountId, new Set([found, entry]));
  }

  remove(entry: SessionEntry): void {
    const found = this.#accounts.get(entry.accountId);
    if (found instanceof Set) found.delete(entry);
    if (found === entry || (found instanceof Set && found.size === 0)) this.#accounts.delete(entry.accountId);
  }
}
