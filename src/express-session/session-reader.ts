import type { Session } from '../service/session.js';
import { patchTexts } from '../service/text-access.js';
import { bindingAttribute, closingAttribute, formerAttribute } from './attribute-names.js';
import { Closed, orClosed } from './closed.js';
import { idleTimeOf } from './cookie-data.js';
import { type ContentChanges, type ContentRules, type SessionContent, storedContent } from './session-content.js';
import { abandonedAfter } from './session-times.js';
import type { CachedSid, SidCache } from './sid-cache.js';
import type { Binding, Login, SidSessions } from './sid-sessions.js';

/** The sessions of a live sid at one moment. */
export interface SidState {
  readonly visitor: Session;
  readonly binding: Binding;
  /** The session that holds the data: the login session while the sid is bound, else the visitor session. */
  readonly holder: Session;
}

/** Maximum number of attempts of a read. A read starts again if the binding changed during the read. */
const maxAttempts = 5;

/** Reads the sessions of sids. */
export class SessionReader {
  readonly #sidSessions: SidSessions;
  readonly #cache: SidCache;
  readonly #rules: ContentRules;

  constructor(sidSessions: SidSessions, cache: SidCache, rules: ContentRules) {
    this.#sidSessions = sidSessions;
    this.#cache = cache;
    this.#rules = rules;
  }

  /**
   * Reads the visitor session, and at the same time the login session that the cache names. Both reads take one round
   * trip. The visitor session is always read: only this session shows to which account the sid is bound now.
   * @returns `undefined` if the sid has no session, or its session has ended
   */
  async read(sid: string): Promise<SidState | undefined> {
    const { logins, visitors } = this.#sidSessions;
    const cached = this.#cache.entryOf(sid);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const cachedId = cached.loginId;
      const visitorRead = orClosed(visitors.getSession(cached.visitorId));
      const [visitor, cachedLogin] =
        cachedId === undefined
          ? [await visitorRead]
          : await Promise.all([visitorRead, orClosed(logins.getSession(cachedId))]);
      if (visitor instanceof Closed || isClosing(visitor)) {
        this.#cache.evict(sid);
        await this.#finishClosing(sid, visitor, cachedId);
        return undefined;
      }
      const former = formerOf(visitor);
      if (former !== undefined && logins.now - former.since > abandonedAfter)
        await this.#closeFormer(sid, visitor, former);
      const binding = bindingOf(visitor);
      const id = this.loginOf(sid, binding)?.id;
      cached.loginId = id;
      if (id === undefined) return this.#updateCache(cached, { visitor, binding, holder: visitor });
      const holder = cachedLogin !== undefined && id === cachedId ? cachedLogin : await orClosed(logins.getSession(id));
      if (!(holder instanceof Closed)) return this.#updateCache(cached, { visitor, binding, holder });
      if (await this.#closeWithLogin(sid, binding, holder)) return undefined;
    }
    return undefined;
  }

  contentOf({ holder, binding }: Pick<SidState, 'holder' | 'binding'>): SessionContent {
    return storedContent(holder.attributeTexts, binding.accountId, this.#rules);
  }

  /** Whether the sid is bound, or has a login session of an earlier binding that must still be closed. */
  async isOfLogin(sid: string): Promise<boolean> {
    const state = await this.read(sid);
    return state !== undefined && (state.binding.accountId !== undefined || formerOf(state.visitor) !== undefined);
  }

  /** Returns the idle time that a stored cookie requests, in milliseconds. */
  idleTimeOf(cookie: string): number {
    const { now, context } = this.#sidSessions.logins;
    return idleTimeOf(cookie, now) ?? context.gcTime;
  }

  /**
   * Returns the idle time with which a request may renew the session. If the request changes the cookie, this is the
   * idle time of its own cookie. Otherwise it is the idle time of the stored cookie, which another request may have
   * changed since this request loaded it.
   * @param ttl the idle time of the request's own cookie
   */
  ttlFor(state: SidState, changes: ContentChanges, ttl: number): number {
    const { cookie } = this.contentOf(state);
    return changes.cookie !== undefined || cookie === undefined ? ttl : this.idleTimeOf(cookie);
  }

  loginOf(sid: string, binding: Binding): Login | undefined {
    return this.#cache.loginOf(sid, binding);
  }

  #updateCache(cached: CachedSid, state: SidState): SidState {
    const { visitor, holder } = state;
    cached.renewal = { id: holder.id, time: holder.lastTime, ttl: holder.ttl };
    // Use the earlier of the two clocks: if the store's clock is ahead, the visitor session would be renewed too late.
    cached.visitorExpiresAt = Math.min(visitor.lastTime, this.#sidSessions.logins.now) + visitor.ttl;
    return state;
  }

  /** Closes the login session of the previous binding, because the process that should have closed it died. */
  async #closeFormer(sid: string, visitor: Session, former: FormerBinding): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    await Promise.all([
      logins.closeSession(this.#sidSessions.loginId(sid, former.accountId, former.generation), 'replaced'),
      orClosed(patchTexts(visitors, visitor.id, { [formerAttribute]: null })),
    ]);
  }

  /**
   * Closes the login session of the previous binding of a sid that is being closed. No later request could find that
   * login session.
   */
  async closeFormerLogin(sid: string, visitor: Session): Promise<void> {
    const former = formerOf(visitor);
    if (former === undefined) return;
    const id = this.#sidSessions.loginId(sid, former.accountId, former.generation);
    await this.#sidSessions.logins.closeSession(id, 'logout');
  }

  /**
   * Closes the remaining sessions of a sid whose closing was interrupted. No later request could find these sessions.
   */
  async #finishClosing(sid: string, visitor: Session | Closed, cachedId: string | undefined): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    if (visitor instanceof Closed) {
      if (cachedId !== undefined) await logins.closeSession(cachedId, visitor.reason ?? 'expired');
      return;
    }
    const id = this.loginOf(sid, bindingOf(visitor))?.id;
    await Promise.all([
      id === undefined ? false : logins.closeSession(id, 'logout'),
      this.closeFormerLogin(sid, visitor),
      visitors.closeSession(visitor.id, 'logout'),
    ]);
  }

  /**
   * Closes the visitor session after its login session has ended, unless the sid has been bound again since then.
   * @returns whether the sid has no session now
   */
  async #closeWithLogin(sid: string, { generation, accountId }: Binding, login: Closed): Promise<boolean> {
    const { visitors } = this.#sidSessions;
    const { visitorId } = this.#cache.entryOf(sid);
    const visitor = await orClosed(visitors.getSession(visitorId));
    if (visitor instanceof Closed) return true;
    const binding = bindingOf(visitor);
    if (binding.generation !== generation || binding.accountId !== accountId) return false;
    this.#cache.evict(sid);
    await visitors.closeSession(visitorId, login.reason ?? 'expired');
    return true;
  }
}

/** Whether a request is closing the sessions of this visitor's sid. */
export function isClosing(visitor: Session): boolean {
  return visitor.attributeTexts[closingAttribute] !== undefined;
}

interface FormerBinding {
  readonly generation: number;
  readonly accountId: string;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
}

function formerOf(visitor: Session): FormerBinding | undefined {
  if (visitor.attributeTexts[formerAttribute] === undefined) return undefined;
  const former = visitor.getAttr(formerAttribute);
  if (typeof former !== 'object' || former === null || !('generation' in former)) return undefined;
  const { generation, accountId, since } = former;
  if (typeof generation !== 'number' || typeof accountId !== 'string' || typeof since !== 'number') return undefined;
  return { generation, accountId, since };
}

const neverBound: Binding = { generation: 0, accountId: undefined };

export function bindingOf(visitor: Session): Binding {
  if (visitor.attributeTexts[bindingAttribute] === undefined) return neverBound;
  const binding = visitor.getAttr(bindingAttribute);
  if (typeof binding !== 'object' || binding === null || !('generation' in binding)) return neverBound;
  const { generation, accountId } = binding;
  return {
    generation: typeof generation === 'number' ? generation : 0,
    accountId: typeof accountId === 'string' ? accountId : undefined,
  };
}
