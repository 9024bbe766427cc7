import { invalidArgument } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { createNamedOfTexts, patchTexts } from '../service/text-access.js';
import { requireAttributesWithin } from '../store/attribute-bytes.js';
import type { AttributePatch } from '../store/session-store.js';
import { bindingAttribute, formerAttribute, settledAttribute } from './attribute-names.js';
import { Closed, isTooLarge, orClosed } from './closed.js';
import type { RequestClient } from './request-client.js';
import { saveChanges } from './save-changes.js';
import {
  attributesOf,
  type ContentChanges,
  changesByOthers,
  isEmpty,
  patchOf,
  patchOfAll,
  patchOfNone,
  type SessionContent,
  withChanges,
} from './session-content.js';
import { isClosing, type SessionReader, type SidState } from './session-reader.js';
import { abandonedAfter, visitorExtraTtl } from './session-times.js';
import type { SidCache } from './sid-cache.js';
import type { Login, SidSessions } from './sid-sessions.js';
import { moveMessages } from './visitor-messages.js';

/** A request to bind a sid to an account, or to unbind it. */
export interface BindRequest {
  readonly sid: string;
  /** The account to bind the sid to; `undefined` to unbind it. */
  readonly accountId: string | undefined;
  /** Other changes of the request. */
  readonly changes: ContentChanges;
  /** Idle time of the request's cookie, in milliseconds. */
  readonly ttl: number;
  /** The client that sent the request, if known. */
  readonly client: RequestClient;
}

/** Maximum number of consecutive bindings that other requests began and never finished. */
const maxUnfinished = 10;

/**
 * Binds sids to accounts, and unbinds them. To do so, it moves the data to another session in three steps: it writes
 * the data to the new session, patches the visitor session to name the new session, and deletes the data from the old
 * session.
 *
 * If the process dies between two steps, the sid still leads to one session that holds all data. If a request writes to
 * the old session after the second step, the result of its write contains the new binding, and the request repeats the
 * write in the new session (`SessionWriter`).
 */
export class SidBinder {
  readonly #sidSessions: SidSessions;
  readonly #cache: SidCache;
  readonly #reader: SessionReader;

  constructor(sidSessions: SidSessions, cache: SidCache, reader: SessionReader) {
    this.#sidSessions = sidSessions;
    this.#cache = cache;
    this.#reader = reader;
  }

  /**
   * @param known the state of the sid, if the caller has just read it
   * @returns the login session, if the sid is bound to an account now
   * @throws SessionError `SESSION_LIMIT`, or `INVALID_ARGUMENT` for too many bytes; in both cases nothing has changed
   */
  async bind(given: BindRequest, known?: SidState): Promise<Login | undefined> {
    const { sid, accountId } = given;
    const state = known ?? (await this.#reader.read(sid));
    if (state === undefined) return undefined;
    const request = { ...given, ttl: this.#reader.ttlFor(state, given.changes, given.ttl) };
    const cached = this.#cache.entryOf(sid);
    cached.renewal = undefined;
    if (state.binding.accountId === accountId) {
      await this.#writeTo(state, request);
      return this.#reader.loginOf(sid, state.binding);
    }
    if (accountId === undefined) {
      await this.#unbind(state, request);
      cached.loginId = undefined;
      return undefined;
    }
    const login = await this.#bindTo(accountId, state, request);
    cached.loginId = login?.id;
    cached.visitorExpiresAt = 0;
    return login;
  }

  /** Writes only the data, because another request has already changed the binding. */
  async #writeTo({ holder, visitor }: SidState, { changes, ttl }: BindRequest): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    const manager = holder === visitor ? visitors : logins;
    await Promise.all([
      orClosed(saveChanges(manager, holder.id, changes, ttl)),
      holder === visitor ? undefined : orClosed(visitors.renewSession(visitor.id, { ttl: ttl + visitorExtraTtl })),
    ]);
  }

  async #bindTo(accountId: string, state: SidState, request: BindRequest): Promise<Login | undefined> {
    const { logins, visitors } = this.#sidSessions;
    const before = this.#reader.contentOf(state);
    const content = withChanges(before, request.changes);
    this.#requireRoom(state, accountId);
    const { login, generation, settles } = await this.#createLogin(accountId, state, request, content);
    const binding = JSON.stringify({ generation, accountId });
    const visitor = await orClosed(
      patchTexts(visitors, state.visitor.id, { [bindingAttribute]: binding, ...this.#formerPatch(state) }),
    ).catch(async (error: unknown) => {
      // If the visitor session has no room for the binding, no request could ever reach the new login session.
      if (settles && isTooLarge(error)) await logins.closeSession(login.id, 'logout');
      throw error;
    });
    if (visitor instanceof Closed || isClosing(visitor)) {
      // Another request has destroyed the sid. No request could ever reach the new login session.
      await logins.closeSession(login.id, 'logout');
      return undefined;
    }
    await Promise.all([
      settles ? this.#settle(state, request, visitor, { id: login.id, generation, before }) : undefined,
      orClosed(visitors.renewSession(visitor.id, { ttl: request.ttl + visitorExtraTtl })),
    ]);
    return { id: login.id, accountId };
  }

  /**
   * Checks the size before the login session is created: a login session that is created and then closed uses up its
   * generation.
   */
  #requireRoom(state: SidState, accountId: string): void {
    const { attributeTexts } = state.visitor;
    const generation = state.binding.generation + 1;
    const texts: Record<string, string> = {
      ...attributeTexts,
      [bindingAttribute]: JSON.stringify({ generation, accountId }),
    };
    for (const [name, text] of Object.entries(this.#formerPatch(state))) if (text !== null) texts[name] = text;
    requireAttributesWithin(this.#sidSessions.logins.context.attributesMaxBytes, texts, attributeTexts);
  }

  /**
   * Takes the last step of binding. Copies the changes that other requests wrote to the old session before they could
   * see the new binding. If the old session is the visitor session, deletes its data; otherwise closes the old session.
   */
  async #settle(
    state: SidState,
    { changes }: BindRequest,
    visitor: Session,
    { id, generation, before }: { readonly id: string; readonly generation: number; readonly before: SessionContent },
  ): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    // Another process assumed that this process had died, and has settled the binding. The old session is empty for
    // that reason, not because a request deleted the data.
    if (visitor.getAttr(settledAttribute) === generation) return;
    const others = changesByOthers(before, await this.#currentContent(state, visitor), changes);
    const leftOver = this.#reader.contentOf({ holder: visitor, binding: unbound });
    const cleared = {
      ...patchOfNone(leftOver),
      [settledAttribute]: JSON.stringify(generation),
      [formerAttribute]: null,
    };
    await Promise.all([
      this.#copy(others, logins, id),
      // Messages to the old account must not reach the new account.
      state.holder === state.visitor
        ? moveMessages(visitors, visitor, logins, id)
        : logins.closeSession(state.holder.id, 'replaced'),
      orClosed(patchTexts(visitors, visitor.id, cleared)),
    ]);
  }

  async #unbind(state: SidState, { changes, ttl }: BindRequest): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    const before = this.#reader.contentOf(state);
    const leftOver = this.#reader.contentOf({ holder: state.visitor, binding: unbound });
    const patch = {
      ...patchOfNone(leftOver),
      ...patchOfAll(withChanges(before, changes)),
      [bindingAttribute]: JSON.stringify({ generation: state.binding.generation }),
      ...this.#formerPatch(state),
    };
    const [visitor] = await Promise.all([
      orClosed(patchTexts(visitors, state.visitor.id, patch)),
      orClosed(visitors.renewSession(state.visitor.id, { ttl })),
    ]);
    if (!(visitor instanceof Closed)) {
      const others = changesByOthers(before, await this.#currentContent(state, visitor), changes);
      await this.#copy(others, visitors, visitor.id);
    }
    await logins.closeSession(state.holder.id, 'logout');
    await orClosed(patchTexts(visitors, state.visitor.id, { [formerAttribute]: null }));
  }

  /** Copies the changes of other requests. A changed cookie also changes the idle time. */
  async #copy(others: ContentChanges, manager: SessionManager, id: string): Promise<void> {
    if (isEmpty(others)) return;
    const { cookie } = others;
    await (cookie === undefined
      ? orClosed(patchTexts(manager, id, patchOf(others)))
      : orClosed(saveChanges(manager, id, others, this.#reader.idleTimeOf(cookie))));
  }

  /** Returns a patch that records the login session to close next. If this process dies, another process closes it. */
  #formerPatch({ binding }: SidState): AttributePatch {
    const { generation, accountId } = binding;
    if (accountId === undefined) return {};
    return { [formerAttribute]: JSON.stringify({ generation, accountId, since: this.#sidSessions.logins.now }) };
  }

  /**
   * Returns the content of the old session. The result of every later write to that session contains the new binding.
   */
  async #currentContent(state: SidState, visitor: Session): Promise<SessionContent> {
    if (state.holder === state.visitor) return this.#reader.contentOf({ holder: visitor, binding: unbound });
    const holder = await orClosed(this.#sidSessions.logins.getSession(state.holder.id));
    return this.#reader.contentOf(holder instanceof Closed ? state : { holder, binding: state.binding });
  }

  /**
   * Creates the login session of the next binding. If another request began that binding, both requests share the login
   * session. If the login session of the next binding has ended, this method tries the binding after it.
   * @returns `settles`: whether the caller must take the last step of binding
   */
  async #createLogin(
    accountId: string,
    { binding }: SidState,
    { sid, changes, client, ttl }: BindRequest,
    content: SessionContent,
  ): Promise<{ readonly login: Session; readonly generation: number; readonly settles: boolean }> {
    const { logins } = this.#sidSessions;
    const attributes = attributesOf(content);
    for (let step = 1; step <= maxUnfinished; step += 1) {
      const generation = binding.generation + step;
      const id = this.#sidSessions.loginId(sid, accountId, generation);
      const creation = await orClosed(createNamedOfTexts(logins, accountId, id, attributes, { ttl, ...client }));
      if (creation instanceof Closed) continue;
      const { session: login, created } = creation;
      if (created) return { login, generation, settles: true };
      // The request that created it copies the data and settles the binding, unless its process died.
      const settles = logins.now - login.createdAt > abandonedAfter;
      const patch = settles ? patchOfAll(content) : patchOf(changes);
      const patched = await orClosed(patchTexts(logins, login.id, patch));
      if (!(patched instanceof Closed)) return { login, generation, settles };
    }
    throw invalidArgument(
      'accountId',
      `changed more than ${maxUnfinished} times while the session was saved`,
      accountId,
    );
  }
}

const unbound = { generation: 0, accountId: undefined };
