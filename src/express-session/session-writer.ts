import { endingAttribute, sidAttribute } from './attribute-names.js';
import type { Client } from './client-of.js';
import type { LoadedSession } from './loaded-session.js';
import type { RecentSids, SidNotes } from './recent-sids.js';
import {
  attributesOf,
  type ContentChanges,
  changesBetween,
  isNothing,
  noChanges,
  patchOf,
  type SessionContent,
  type WantedContent,
} from './session-content.js';
import { type Move, SessionMover } from './session-mover.js';
import type { Login, SessionPlaces } from './session-places.js';
import { alive, bindingOf, Ending, type SessionReader } from './session-reader.js';
import { visitorLead, visitorRenewal } from './session-times.js';

/**
 * Keeps what requests leave in `req.session`. What was loaded is never created again: if its session has ended, or the
 * sid was bound otherwise meanwhile, a save changes nothing.
 */
export class SessionWriter {
  readonly #places: SessionPlaces;
  readonly #recent: RecentSids;
  readonly #reader: SessionReader;
  readonly #mover: SessionMover;
  readonly #touchAfter: number;

  constructor(places: SessionPlaces, recent: RecentSids, reader: SessionReader, touchAfter: number) {
    this.#places = places;
    this.#recent = recent;
    this.#reader = reader;
    this.#mover = new SessionMover(places, recent, reader);
    this.#touchAfter = touchAfter;
  }

  /** Saves what was loaded: what changed since. */
  async save(loaded: LoadedSession, wanted: WantedContent, client: Client): Promise<void> {
    const { sid, content, login } = loaded;
    const changes = changesBetween(content, wanted);
    if (login?.accountId === wanted.accountId) await this.#write(sid, login, changes, this.#ttlOf(wanted));
    else loaded.login = await this.#mover.move(this.#moveOf(sid, changes, wanted, client));
    loaded.content = wanted;
  }

  /**
   * Saves what was never loaded, as all of the content, whatever there is. Does not revive a sid that has just ended.
   * @returns the session of the account, if the sid is bound to one now
   */
  async create(sid: string, wanted: WantedContent, client: Client): Promise<Login | undefined> {
    const { visitors } = this.#places;
    const ttl = this.#ttlOf(wanted);
    const binds = wanted.accountId !== undefined;
    const creation = await alive(
      visitors.createNamedSession(...this.#places.visitorName(sid), {
        attributes: { ...(binds ? {} : attributesOf(wanted)), [sidAttribute]: sid },
        ttl: binds ? ttl + visitorLead : ttl,
        // That of the context is for logins.
        maxAge: 0,
      }),
    );
    if (creation instanceof Ending) return undefined;
    const { session: visitor, created } = creation;
    if (created && !binds) return undefined;
    const state = created ? { visitor, binding: bindingOf(visitor), holder: visitor } : await this.#reader.read(sid);
    if (state === undefined) return undefined;
    const changes = changesBetween(this.#reader.contentOf(state), wanted);
    return this.#mover.move(this.#moveOf(sid, changes, wanted, client), state);
  }

  /** Renews, and keeps the cookie if that has changed. */
  async touch(sid: string, loaded: LoadedSession | undefined, wanted: WantedContent): Promise<void> {
    const base = loaded ?? (await this.#find(sid));
    if (base === undefined) return;
    const ttl = this.#ttlOf(wanted);
    const changes = { ...noChanges, cookie: wanted.cookie === base.content.cookie ? undefined : wanted.cookie };
    const holderId = base.login?.id ?? this.#recent.of(sid).visitorId;
    if (isNothing(changes) && this.#isRenewedLately(this.#recent.of(sid), holderId, ttl)) return;
    await this.#write(sid, base.login, changes, ttl);
    if (loaded !== undefined) loaded.content = { ...loaded.content, cookie: wanted.cookie };
  }

  async end(sid: string): Promise<void> {
    const { logins, visitors } = this.#places;
    const { visitorId } = this.#recent.of(sid);
    this.#recent.forget(sid);
    // From here on nobody binds it any more, and the answer says to whom it is bound.
    const visitor = await alive(visitors.patchSession(visitorId, { [endingAttribute]: true }));
    if (visitor instanceof Ending) return;
    const login = this.#reader.loginOf(sid, bindingOf(visitor));
    await Promise.all([
      login === undefined ? false : logins.closeSession(login.id, 'logout'),
      visitors.closeSession(visitorId, 'logout'),
    ]);
  }

  async #find(
    sid: string,
  ): Promise<{ readonly content: SessionContent; readonly login: Login | undefined } | undefined> {
    const state = await this.#reader.read(sid);
    return state && { content: this.#reader.contentOf(state), login: this.#reader.loginOf(sid, state.binding) };
  }

  /** Changes and renewal in one turn, without a look before: whether the session lives is for the store to judge. */
  async #write(sid: string, login: Login | undefined, changes: ContentChanges, ttl: number): Promise<void> {
    const { logins, visitors } = this.#places;
    const notes = this.#recent.of(sid);
    const [manager, id] = login === undefined ? [visitors, notes.visitorId] : [logins, login.id];
    const [patched, renewed] = await Promise.all([
      isNothing(changes) ? undefined : alive(manager.patchSession(id, patchOf(changes))),
      alive(manager.renewSession(id, { ttl })),
      login === undefined ? undefined : this.#renewVisitor(notes, ttl),
    ]);
    if (patched instanceof Ending || renewed instanceof Ending) return;
    notes.renewal = { id, time: renewed.lastTime, ttl };
    // Whichever came later may have found it bound.
    const isBound = [renewed, patched ?? renewed].some((visitor) => bindingOf(visitor).accountId !== undefined);
    if (login === undefined && isBound) await this.#follow(sid, changes, ttl);
  }

  /** A request that knew nothing of a binding has written to, and renewed, where the data were before. */
  async #follow(sid: string, changes: ContentChanges, ttl: number): Promise<void> {
    const state = await this.#reader.read(sid);
    if (state === undefined || state.holder === state.visitor) return;
    const { logins } = this.#places;
    const notes = this.#recent.of(sid);
    await Promise.all([
      // It stays in the old place as well, which is of no account there: whoever binds may be looking at it just now.
      isNothing(changes) ? undefined : alive(logins.patchSession(state.holder.id, patchOf(changes))),
      alive(logins.renewSession(state.holder.id, { ttl })),
      this.#renewVisitor(notes, ttl),
    ]);
  }

  /** Rarely, because it lives much longer than it is needed. */
  async #renewVisitor(notes: SidNotes, ttl: number): Promise<void> {
    const needed = ttl + visitorLead;
    if (notes.visitorUntil > this.#places.logins.now + needed - visitorRenewal) return;
    const renewed = await alive(this.#places.visitors.renewSession(notes.visitorId, { ttl: needed }));
    if (!(renewed instanceof Ending)) notes.visitorUntil = renewed.lastTime + renewed.ttl;
  }

  #isRenewedLately({ renewal }: SidNotes, holderId: string, ttl: number): boolean {
    if (renewal === undefined || renewal.id !== holderId || renewal.ttl !== ttl) return false;
    // Never so long that a session in use could expire.
    return this.#places.logins.now - renewal.time < Math.min(this.#touchAfter, ttl / 2);
  }

  #moveOf(sid: string, changes: ContentChanges, wanted: WantedContent, client: Client): Move {
    return { sid, accountId: wanted.accountId, changes, ttl: this.#ttlOf(wanted), client };
  }

  #ttlOf({ ttl }: WantedContent): number {
    return ttl ?? this.#places.logins.context.gcTime;
  }
}
