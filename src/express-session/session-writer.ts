import { invalidArgument } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import { createNamedOfTexts, patchTexts } from '../service/text-access.js';
import { closingAttribute, cookieAttribute, sidAttribute } from './attribute-names.js';
import { Closed, isTooLarge, orClosed } from './closed.js';
import { storableText } from './json-bounds.js';
import type { LoadedSession } from './loaded-session.js';
import type { RequestClient } from './request-client.js';
import { saveChanges } from './save-changes.js';
import {
  attributesOf,
  type ContentChanges,
  changesBetween,
  isEmpty,
  noChanges,
  patchOfNone,
  type SessionContent,
  type WantedContent,
  type WantedCookie,
} from './session-content.js';
import { bindingOf, type SessionReader } from './session-reader.js';
import { visitorExtraTtl, visitorRenewalInterval } from './session-times.js';
import { type BindRequest, SidBinder } from './sid-binder.js';
import type { CachedSid, SidCache } from './sid-cache.js';
import type { Login, SidSessions } from './sid-sessions.js';
import type { CheckedStoreOptions } from './store-options.js';

/**
 * Stores the content that requests leave in `req.session`. Never creates a loaded session again: if, since the load,
 * the session has ended or the sid was bound to another account, a save changes nothing.
 */
export class SessionWriter {
  readonly #sidSessions: SidSessions;
  readonly #cache: SidCache;
  readonly #reader: SessionReader;
  readonly #binder: SidBinder;
  readonly #touchAfter: number;
  readonly #allowKeptSid: boolean;

  constructor(
    sidSessions: SidSessions,
    cache: SidCache,
    reader: SessionReader,
    { touchAfter, allowKeptSid }: Pick<CheckedStoreOptions, 'touchAfter' | 'allowKeptSid'>,
  ) {
    this.#sidSessions = sidSessions;
    this.#cache = cache;
    this.#reader = reader;
    this.#binder = new SidBinder(sidSessions, cache, reader);
    this.#touchAfter = touchAfter;
    this.#allowKeptSid = allowKeptSid;
  }

  /**
   * Stores what changed since the session was loaded.
   * @throws SessionError `INVALID_ARGUMENT` for a login under a sid that the request came with
   */
  async save(loaded: LoadedSession, wanted: WantedContent, client: RequestClient): Promise<void> {
    const { sid, content, login } = loaded;
    const changes = changesBetween(content, wanted);
    if (login?.accountId === wanted.accountId) {
      await this.#write(sid, login, changes, wanted);
      loaded.content = wanted;
      return;
    }
    if (wanted.accountId !== undefined && loaded.cameWithRequest && !this.#allowKeptSid) {
      const rule = 'must be bound to a new sid: call req.session.regenerate before the login, or set allowKeptSid';
      throw invalidArgument('accountId', rule, wanted.accountId);
    }
    try {
      loaded.login = await this.#binder.bind(this.#bindRequestOf(sid, changes, wanted, client));
    } catch (error) {
      if (wanted.accountId !== undefined || !isTooLarge(error) || !(await this.#reader.isOfLogin(sid))) throw error;
      // A visitor session has its own attributes in addition to the data. Therefore the data of a login may not fit
      // into it. The login must end nevertheless, and its data end with it. Report the error only if this request adds
      // data.
      await this.destroy(sid);
      if ([...changes.data.values()].some((text) => text !== undefined)) throw error;
    }
    loaded.content = wanted;
  }

  /**
   * Stores a session that was never loaded. It replaces the whole content of the sid. Does not create the session again
   * if the session of the sid has ended a short time ago.
   * @returns the login session, if the sid is bound to an account now
   */
  async create(sid: string, wanted: WantedContent, client: RequestClient): Promise<Login | undefined> {
    const { visitors } = this.#sidSessions;
    const ttl = this.#ttlOf(wanted);
    const binds = wanted.accountId !== undefined;
    const cached = this.#cache.entryOf(sid);
    const texts: Record<string, string> = binds ? Object.create(null) : attributesOf(wanted);
    texts[sidAttribute] = storableText('sid', sid);
    const creation = await orClosed(
      createNamedOfTexts(visitors, cached.visitorAccount, cached.visitorId, texts, {
        ttl: binds ? ttl + visitorExtraTtl : ttl,
        // The maxAge and maxSession of the context apply only to logins.
        maxAge: 0,
        maxSession: 0,
      }),
    );
    if (creation instanceof Closed) return undefined;
    const { session: visitor, created } = creation;
    if (created && !binds) {
      cached.renewal = { id: visitor.id, time: visitor.lastTime, ttl };
      return undefined;
    }
    const state = created ? { visitor, binding: bindingOf(visitor), holder: visitor } : await this.#reader.read(sid);
    if (state === undefined) return undefined;
    const changes = changesBetween(this.#reader.contentOf(state), wanted);
    return this.#binder.bind(this.#bindRequestOf(sid, changes, wanted, client), state);
  }

  /** Renews the session, and stores its cookie if that has changed. */
  async touch(sid: string, loaded: LoadedSession | undefined, wanted: WantedCookie): Promise<void> {
    const base = loaded ?? (await this.#find(sid));
    if (base === undefined) return;
    const ttl = this.#ttlOf(wanted);
    const isChanged = wanted.cookie !== base.content.cookie;
    const changes = isChanged ? { ...noChanges, cookie: wanted.cookie } : noChanges;
    const cached = this.#cache.entryOf(sid);
    if (isEmpty(changes) && this.#wasRenewedRecently(cached, base.login?.id ?? cached.visitorId, ttl)) return;
    await this.#write(sid, base.login, changes, wanted);
    if (loaded !== undefined && isChanged) loaded.content = { ...loaded.content, cookie: wanted.cookie };
  }

  /** Closes the sessions of a sid. */
  async destroy(sid: string): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    const { visitorId } = this.#cache.entryOf(sid);
    this.#cache.evict(sid);
    // A request that binds the sid after this patch finds the attribute and gives up. If a request bound the sid before
    // this patch, the result of the patch contains the binding.
    const visitor = await orClosed(this.#markClosing(visitorId));
    if (visitor instanceof Closed) return;
    const login = this.#reader.loginOf(sid, bindingOf(visitor));
    await Promise.all([
      login === undefined ? false : logins.closeSession(login.id, 'logout'),
      this.#reader.closeFormerLogin(sid, visitor),
      visitors.closeSession(visitorId, 'logout'),
    ]);
  }

  async #markClosing(visitorId: string): Promise<Session> {
    const { visitors } = this.#sidSessions;
    const closing = { [closingAttribute]: 'true' };
    try {
      return await patchTexts(visitors, visitorId, closing);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      // Delete the data to make room for the mark.
      const visitor = await visitors.getSession(visitorId);
      const content = this.#reader.contentOf({ holder: visitor, binding: bindingOf(visitor) });
      return patchTexts(visitors, visitorId, { ...patchOfNone(content), ...closing });
    }
  }

  async #find(
    sid: string,
  ): Promise<{ readonly content: SessionContent; readonly login: Login | undefined } | undefined> {
    const state = await this.#reader.read(sid);
    return state && { content: this.#reader.contentOf(state), login: this.#reader.loginOf(sid, state.binding) };
  }

  /** Writes and renews in one round trip without an earlier read. The store refuses both if the session has ended. */
  async #write(sid: string, login: Login | undefined, changes: ContentChanges, wanted: WantedCookie): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    const cached = this.#cache.entryOf(sid);
    const ttl = this.#ttlOf(wanted);
    const [manager, id] = login === undefined ? [visitors, cached.visitorId] : [logins, login.id];
    const saving = orClosed(saveChanges(manager, id, changes, ttl));
    const saved = await (login === undefined ? saving : this.#withVisitor(saving, cached, ttl));
    if (saved instanceof Closed) return;
    for (const { lastTime } of saved) cached.renewal = { id, time: lastTime, ttl };
    // A store that executes two separate steps may execute them in either order. The later step shows a new binding.
    const isBound = login === undefined && saved.some((visitor) => bindingOf(visitor).accountId !== undefined);
    if (isBound) {
      await this.#repeatInLogin(sid, changes, ttl);
      return;
    }
    let cookie = changes.cookie === undefined ? otherCookieOf(saved, wanted.cookie) : undefined;
    // Another request has changed the cookie since this request loaded it. This request has renewed the session with
    // the idle time of the old cookie, so renew it again. Other requests may change the cookie during that renewal,
    // too.
    while (cookie !== undefined) {
      const idleTime = this.#reader.idleTimeOf(cookie);
      const renewing = orClosed(manager.renewSession(id, { ttl: idleTime }));
      const renewed = await (login === undefined ? renewing : this.#withVisitor(renewing, cached, idleTime));
      cookie = renewed instanceof Closed ? undefined : otherCookieOf([renewed], cookie);
    }
  }

  async #withVisitor<Result>(saving: Promise<Result>, cached: CachedSid, ttl: number): Promise<Result> {
    const [result] = await Promise.all([saving, this.#renewVisitor(cached, ttl)]);
    return result;
  }

  /** Repeats the write in the login session, because another request bound the sid after this request had loaded it. */
  async #repeatInLogin(sid: string, changes: ContentChanges, givenTtl: number): Promise<void> {
    const state = await this.#reader.read(sid);
    if (state === undefined || state.holder === state.visitor) return;
    const ttl = this.#reader.ttlFor(state, changes, givenTtl);
    const { logins } = this.#sidSessions;
    await Promise.all([
      // The first write stays in the visitor session, where it does no harm. The request that binds the sid may be
      // reading the data from there now.
      orClosed(saveChanges(logins, state.holder.id, changes, ttl)),
      this.#renewVisitor(this.#cache.entryOf(sid), ttl),
    ]);
  }

  /** Renews the visitor session of a login if needed. It rarely is, because a visitor session lives much longer. */
  async #renewVisitor(cached: CachedSid, ttl: number): Promise<void> {
    const visitorTtl = ttl + visitorExtraTtl;
    const { logins, visitors } = this.#sidSessions;
    if (cached.visitorExpiresAt > logins.now + visitorTtl - visitorRenewalInterval) return;
    const renewed = await orClosed(visitors.renewSession(cached.visitorId, { ttl: visitorTtl }));
    if (!(renewed instanceof Closed)) cached.visitorExpiresAt = logins.now + renewed.ttl;
  }

  #wasRenewedRecently({ renewal }: CachedSid, holderId: string, ttl: number): boolean {
    if (renewal === undefined || renewal.id !== holderId || renewal.ttl !== ttl) return false;
    // The time is from the store's clock. If that clock is ahead of this process, the age is negative: renew the
    // session.
    const age = this.#sidSessions.logins.now - renewal.time;
    // Skip renewals for at most half of the idle time, so that a session in use never expires.
    return age >= 0 && age < Math.min(this.#touchAfter, ttl / 2);
  }

  #bindRequestOf(sid: string, changes: ContentChanges, wanted: WantedContent, client: RequestClient): BindRequest {
    return { sid, accountId: wanted.accountId, changes, ttl: this.#ttlOf(wanted), client };
  }

  #ttlOf({ ttl }: WantedCookie): number {
    return ttl ?? this.#sidSessions.logins.context.gcTime;
  }
}

function otherCookieOf(saved: readonly Session[], cookie: string): string | undefined {
  const texts = saved.map(({ attributeTexts }) => attributeTexts[cookieAttribute]);
  return texts.find((text) => text !== undefined && text !== cookie);
}
