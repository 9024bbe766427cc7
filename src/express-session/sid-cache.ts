import { BoundedMap } from '../caching/bounded-map.js';
import type { Binding, Login, SidSessions } from './sid-sessions.js';

/** Data of a sid that this process caches. The process can read all of it from the store again. */
export interface CachedSid {
  readonly visitorAccount: string;
  readonly visitorId: string;
  /** The login session of one binding. It is cached because its id takes two hashes. */
  login: { readonly generation: number; readonly login: Login } | undefined;
  /**
   * Id of the login session at the last read. It may be out of date. Therefore the login session is always read
   * together with the visitor session.
   */
  loginId: string | undefined;
  /** The last known renewal of the session that holds the data; `time` and `ttl` in milliseconds. */
  renewal: { readonly id: string; readonly time: number; readonly ttl: number } | undefined;
  /** Time at which the visitor session expires, according to the last read, in milliseconds since the Unix epoch. */
  visitorExpiresAt: number;
}

/** LRU cache of recently used sids. */
export class SidCache {
  readonly #sidSessions: SidSessions;
  readonly #entries: BoundedMap<string, CachedSid>;

  constructor(sidSessions: SidSessions, capacity: number) {
    this.#sidSessions = sidSessions;
    this.#entries = new BoundedMap(capacity);
  }

  /** Returns the entry of a sid and marks it as the most recently used entry. Adds the entry if it is missing. */
  entryOf(sid: string): CachedSid {
    const entry = this.#entries.get(sid) ?? this.#newEntry(sid);
    this.#entries.set(sid, entry);
    return entry;
  }

  /** Returns the login session of a binding; `undefined` if the sid is not bound. */
  loginOf(sid: string, { accountId, generation }: Binding): Login | undefined {
    if (accountId === undefined) return undefined;
    // Add no entry: a walk over all sids must not evict the sids in use.
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
