import { BoundedMap } from '../caching/bounded-map.js';
import type { Binding, Login, SidSessions } from './sid-sessions.js';

/** What this process knows about a sid. All of it can be read from the store again. */
export interface CachedSid {
  readonly visitorAccount: string;
  readonly visitorId: string;
  /** The login session of one binding: to make its id takes two hashes. */
  login: { readonly generation: number; readonly login: Login } | undefined;
  /** The login session at the last read. May be out of date, so it is read together with the visitor session. */
  loginId: string | undefined;
  /** The last known renewal of the session that holds the data; `time` and `ttl` in milliseconds. */
  renewal: { readonly id: string; readonly time: number; readonly ttl: number } | undefined;
  /** When the visitor session will expire, as last read, in milliseconds since the Unix epoch. */
  visitorExpiresAt: number;
}

/** LRU cache of what this process knows about recent sids. */
export class SidCache {
  readonly #sidSessions: SidSessions;
  readonly #entries: BoundedMap<string, CachedSid>;

  constructor(sidSessions: SidSessions, capacity: number) {
    this.#sidSessions = sidSessions;
    this.#entries = new BoundedMap(capacity);
  }

  /** The entry of a sid, added if it is missing, as the most recently used one. */
  entryOf(sid: string): CachedSid {
    const entry = this.#entries.get(sid) ?? this.#newEntry(sid);
    this.#entries.set(sid, entry);
    return entry;
  }

  /** The login session of a binding; `undefined` for none. */
  loginOf(sid: string, { accountId, generation }: Binding): Login | undefined {
    if (accountId === undefined) return undefined;
    // A walk over all sids must not evict those in use.
    const entry = this.#entries.get(sid);
    const known = entry?.login;
    if (known?.generation === generation && known.login.accountId === accountId) return known.login;
    const login = { id: this.#sidSessions.loginId(sid, accountId, generation), accountId };
    if (entry !== undefined) entry.login = { generation, login };
    return login;
  }

  evict(sid: string): void {
    this.#entries.delete(sid);
  }

  clear(): void {
    this.#entries.clear();
  }

  #newEntry(sid: string): CachedSid {
    const visitorAccount = this.#sidSessions.visitorAccount(sid);
    const visitorId = this.#sidSessions.visitorId(visitorAccount);
    return { visitorAccount, visitorId, login: undefined, loginId: undefined, renewal: undefined, visitorExpiresAt: 0 };
  }
}
