import { invalidArgument } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import type { JsonValue } from '../validation/json-value.js';
import { bindingAttribute, formerAttribute, settledAttribute } from './attribute-names.js';
import type { Client } from './client-of.js';
import type { RecentSids } from './recent-sids.js';
import {
  attributesOf,
  type ContentChanges,
  isNothing,
  lateChanges,
  patchOf,
  patchOfAll,
  patchOfNone,
  type SessionContent,
  withChanges,
} from './session-content.js';
import type { Login, SessionPlaces } from './session-places.js';
import { alive, Ending, isEnding, type SessionReader, type SidState } from './session-reader.js';
import { abandonedAfter, visitorLead } from './session-times.js';
import { carryMail } from './visitor-mail.js';

/** A wish to hold the data of a sid elsewhere. */
export interface Move {
  readonly sid: string;
  /** Whom to bind it to; `undefined` for nobody. */
  readonly accountId: string | undefined;
  /** What the request changed besides. */
  readonly changes: ContentChanges;
  /** Milliseconds. */
  readonly ttl: number;
  /** Where the request came from, as far as it is known. */
  readonly client: Client;
}

/** Bindings that may have been begun and never finished, in a row. */
const mostUnfinished = 10;

/**
 * Binds sids to accounts, and sets them free. The data go along, in steps: first they are where they are to be, then the
 * visitor session says so, then they go from where they were. Whatever stops it in between, the sid leads to one place
 * where all of them are; and whoever writes to the old place meanwhile is told by its answer, and follows.
 */
export class SessionMover {
  readonly #places: SessionPlaces;
  readonly #recent: RecentSids;
  readonly #reader: SessionReader;

  constructor(places: SessionPlaces, recent: RecentSids, reader: SessionReader) {
    this.#places = places;
    this.#recent = recent;
    this.#reader = reader;
  }

  /**
   * @param known the state, when it was just read
   * @returns the session of the account, if it is bound to one now
   * @throws SessionError `SESSION_LIMIT`; nothing has changed then
   */
  async move(move: Move, known?: SidState): Promise<Login | undefined> {
    const state = known ?? (await this.#reader.read(move.sid));
    if (state === undefined) return undefined;
    const notes = this.#recent.of(move.sid);
    notes.renewal = undefined;
    const { accountId } = move;
    if (state.binding.accountId === accountId) {
      await this.#stay(state, move);
      return this.#reader.loginOf(move.sid, state.binding);
    }
    if (accountId === undefined) {
      await this.#unbind(state, move);
      notes.loginId = undefined;
      return undefined;
    }
    const login = await this.#bind(state, move, accountId);
    notes.loginId = login?.id;
    notes.visitorUntil = 0;
    return login;
  }

  /** Another request has done it already. */
  async #stay({ holder, visitor }: SidState, { changes, ttl }: Move): Promise<void> {
    const manager = holder === visitor ? this.#places.visitors : this.#places.logins;
    await Promise.all([
      isNothing(changes) ? undefined : alive(manager.patchSession(holder.id, patchOf(changes))),
      alive(manager.renewSession(holder.id, { ttl })),
      holder === visitor
        ? undefined
        : alive(this.#places.visitors.renewSession(visitor.id, { ttl: ttl + visitorLead })),
    ]);
  }

  async #bind(state: SidState, move: Move, accountId: string): Promise<Login | undefined> {
    const { logins, visitors } = this.#places;
    const before = this.#reader.contentOf(state);
    const content = withChanges(before, move.changes);
    const { login, generation, isOurs } = await this.#createLogin(state, move, accountId, content);
    const binding = { [bindingAttribute]: { generation, accountId }, ...this.#former(state) };
    const visitor = await alive(visitors.patchSession(state.visitor.id, binding));
    if (visitor instanceof Ending || isEnding(visitor)) {
      // The sid ended meanwhile: nobody could ever come back to this session.
      await logins.closeSession(login.id, 'logout');
      return undefined;
    }
    await Promise.all([
      isOurs ? this.#settle(state, move, visitor, { id: login.id, generation, before }) : undefined,
      alive(visitors.renewSession(visitor.id, { ttl: move.ttl + visitorLead })),
    ]);
    return { id: login.id, accountId };
  }

  /** The last steps of binding: what others changed until everybody learnt of it goes along, and the old place is left. */
  async #settle(
    state: SidState,
    { changes }: Move,
    visitor: Session,
    { id, generation, before }: { readonly id: string; readonly generation: number; readonly before: SessionContent },
  ): Promise<void> {
    const { logins, visitors } = this.#places;
    // Done by another, which took this process for dead: that the data are gone there is no change of theirs.
    if (visitor.getAttr(settledAttribute) === generation) return;
    const late = lateChanges(before, await this.#contentLeft(state, visitor), changes);
    const leftOver = this.#reader.contentOf({ holder: visitor, binding: unbound });
    const gone = { ...patchOfNone(leftOver), [settledAttribute]: generation, [formerAttribute]: null };
    await Promise.all([
      isNothing(late) ? undefined : alive(logins.patchSession(id, patchOf(late))),
      // The mail of another account stays that account's.
      state.holder === state.visitor
        ? carryMail(visitors, visitor, logins, id)
        : logins.closeSession(state.holder.id, 'replaced'),
      alive(visitors.patchSession(visitor.id, gone)),
    ]);
  }

  async #unbind(state: SidState, { changes, ttl }: Move): Promise<void> {
    const { logins, visitors } = this.#places;
    const before = this.#reader.contentOf(state);
    const leftOver = this.#reader.contentOf({ holder: state.visitor, binding: unbound });
    const patch = {
      ...patchOfNone(leftOver),
      ...patchOfAll(withChanges(before, changes)),
      [bindingAttribute]: { generation: state.binding.generation },
      ...this.#former(state),
    };
    const [visitor] = await Promise.all([
      alive(visitors.patchSession(state.visitor.id, patch)),
      alive(visitors.renewSession(state.visitor.id, { ttl })),
    ]);
    if (!(visitor instanceof Ending)) {
      const late = lateChanges(before, await this.#contentLeft(state, visitor), changes);
      if (!isNothing(late)) await alive(visitors.patchSession(visitor.id, patchOf(late)));
    }
    await logins.closeSession(state.holder.id, 'logout');
    await alive(visitors.patchSession(state.visitor.id, { [formerAttribute]: null }));
  }

  /** What of the state before is to be closed, for others to do should this process not come to it. */
  #former({ binding }: SidState): Record<string, JsonValue> {
    const { generation, accountId } = binding;
    if (accountId === undefined) return {};
    return { [formerAttribute]: { generation, accountId, since: this.#places.logins.now } };
  }

  /** What the old place holds now that everybody learns of the new one. */
  async #contentLeft(state: SidState, visitor: Session): Promise<SessionContent> {
    if (state.holder === state.visitor) return this.#reader.contentOf({ holder: visitor, binding: unbound });
    const holder = await alive(this.#places.logins.getSession(state.holder.id));
    return this.#reader.contentOf(holder instanceof Ending ? state : { holder, binding: state.binding });
  }

  /** One that another request began to bind is the same session; one that has ended is passed by. */
  async #createLogin(
    { binding }: SidState,
    { sid, changes, client, ttl }: Move,
    accountId: string,
    content: SessionContent,
  ): Promise<{ readonly login: Session; readonly generation: number; readonly isOurs: boolean }> {
    const { logins } = this.#places;
    const attributes = attributesOf(content);
    for (let step = 1; step <= mostUnfinished; step += 1) {
      const generation = binding.generation + step;
      const name = this.#places.loginName(sid, generation);
      const creation = await alive(logins.createNamedSession(accountId, name, { attributes, ttl, ...client }));
      if (creation instanceof Ending) continue;
      const { session: login, created } = creation;
      if (created) return { login, generation, isOurs: true };
      // The other request brings the data along and leaves the old place, unless it died over it.
      const isOurs = logins.now - login.createdAt > abandonedAfter;
      const patched = await alive(logins.patchSession(login.id, isOurs ? patchOfAll(content) : patchOf(changes)));
      if (!(patched instanceof Ending)) return { login, generation, isOurs };
    }
    throw invalidArgument('accountId', 'is bound and set free faster than can be followed', accountId);
  }
}

const unbound = { generation: 0, accountId: undefined };
