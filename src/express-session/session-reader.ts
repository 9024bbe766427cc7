import type { CloseReason } from '../errors/close-reason.js';
import { SessionError } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import { bindingAttribute, endingAttribute, formerAttribute } from './attribute-names.js';
import type { RecentSids, SidNotes } from './recent-sids.js';
import { type ContentRules, keptContent, type SessionContent } from './session-content.js';
import type { Binding, Login, SessionPlaces } from './session-places.js';
import { abandonedAfter } from './session-times.js';

/** The sessions of a live sid, as they were at one moment. */
export interface SidState {
  readonly visitor: Session;
  readonly binding: Binding;
  /** Where the data are: the session of the account it is bound to, else the visitor session. */
  readonly holder: Session;
}

/** How often to look again when the binding moves on while it is looked at. */
const attempts = 5;

/** Finds the sessions of sids. */
export class SessionReader {
  readonly #places: SessionPlaces;
  readonly #recent: RecentSids;
  readonly #rules: ContentRules;

  constructor(places: SessionPlaces, recent: RecentSids, rules: ContentRules) {
    this.#places = places;
    this.#recent = recent;
    this.#rules = rules;
  }

  /**
   * Both sessions are asked for at once when it is known which, so that it takes one round trip: the visitor session
   * is always among them, because only it can tell that the sid was bound to another account meanwhile.
   * @returns `undefined` when the sid has no session, or its session has ended
   */
  async read(sid: string): Promise<SidState | undefined> {
    const { logins, visitors } = this.#places;
    const notes = this.#recent.of(sid);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const guessId = notes.loginId;
      const [visitor, guess] = await Promise.all([
        alive(visitors.getSession(notes.visitorId)),
        guessId === undefined ? undefined : alive(logins.getSession(guessId)),
      ]);
      if (visitor instanceof Ending || isEnding(visitor)) {
        this.#recent.forget(sid);
        await this.#endLeftOver(sid, visitor, guessId);
        return undefined;
      }
      await this.#endFormer(sid, visitor);
      const binding = bindingOf(visitor);
      const id = this.loginOf(sid, binding)?.id;
      notes.loginId = id;
      if (id === undefined) return this.#noted(notes, { visitor, binding, holder: visitor });
      const holder = guess !== undefined && id === guessId ? guess : await alive(logins.getSession(id));
      if (!(holder instanceof Ending)) return this.#noted(notes, { visitor, binding, holder });
      if (await this.#endWithLogin(sid, binding, holder)) return undefined;
    }
    return undefined;
  }

  contentOf({ holder, binding }: Pick<SidState, 'holder' | 'binding'>): SessionContent {
    return keptContent(holder.attributeTexts, binding.accountId, this.#rules);
  }

  loginOf(sid: string, { accountId, generation }: Binding): Login | undefined {
    return accountId === undefined ? undefined : { id: this.#places.loginId(sid, accountId, generation), accountId };
  }

  #noted(notes: SidNotes, state: SidState): SidState {
    const { visitor, holder } = state;
    notes.renewal = { id: holder.id, time: holder.lastTime, ttl: holder.ttl };
    notes.visitorUntil = visitor.lastTime + visitor.ttl;
    return state;
  }

  /** Closes the session of the binding before, where whoever was to do so has died. */
  async #endFormer(sid: string, visitor: Session): Promise<void> {
    const former = parsedFormer(visitor);
    if (former === undefined || this.#places.logins.now - former.since <= abandonedAfter) return;
    const { logins, visitors } = this.#places;
    await Promise.all([
      logins.closeSession(this.#places.loginId(sid, former.accountId, former.generation), 'replaced'),
      alive(visitors.patchSession(visitor.id, { [formerAttribute]: null })),
    ]);
  }

  /** What is left where closing both was interrupted: nothing else would ever find it. */
  async #endLeftOver(sid: string, visitor: Session | Ending, guessId: string | undefined): Promise<void> {
    const { logins, visitors } = this.#places;
    if (visitor instanceof Ending) {
      if (guessId !== undefined) await logins.closeSession(guessId, visitor.reason ?? 'expired');
      return;
    }
    const id = this.loginOf(sid, bindingOf(visitor))?.id;
    await Promise.all([
      id === undefined ? false : logins.closeSession(id, 'logout'),
      visitors.closeSession(visitor.id, 'logout'),
    ]);
  }

  /**
   * The session of the account has ended, and with it the sid has, unless it was bound anew meanwhile.
   * @returns whether it has
   */
  async #endWithLogin(sid: string, { generation, accountId }: Binding, login: Ending): Promise<boolean> {
    const { visitors } = this.#places;
    const { visitorId } = this.#recent.of(sid);
    const visitor = await alive(visitors.getSession(visitorId));
    if (visitor instanceof Ending) return true;
    const binding = bindingOf(visitor);
    if (binding.generation !== generation || binding.accountId !== accountId) return false;
    this.#recent.forget(sid);
    await visitors.closeSession(visitorId, login.reason ?? 'expired');
    return true;
  }
}

/** That a session is not live, and why, where that is known. */
export class Ending {
  readonly reason: CloseReason | undefined;

  constructor(reason: CloseReason | undefined) {
    this.reason = reason;
  }
}

/** What the operation gives, or that its session is not live. */
export async function alive<Result>(operation: Promise<Result>): Promise<Result | Ending> {
  try {
    return await operation;
  } catch (error) {
    if (SessionError.is(error, 'SESSION_CLOSED')) return new Ending(error.details.reason);
    if (SessionError.is(error, 'SESSION_UNKNOWN')) return new Ending(undefined);
    throw error;
  }
}

/** Whether it is being closed. */
export function isEnding(visitor: Session): boolean {
  return visitor.attributeTexts[endingAttribute] !== undefined;
}

interface Former {
  readonly generation: number;
  readonly accountId: string;
  readonly since: number;
}

function parsedFormer(visitor: Session): Former | undefined {
  const former = visitor.getAttr(formerAttribute);
  if (typeof former !== 'object' || former === null || !('generation' in former)) return undefined;
  const { generation, accountId, since } = former;
  if (typeof generation !== 'number' || typeof accountId !== 'string' || typeof since !== 'number') return undefined;
  return { generation, accountId, since };
}

const neverBound: Binding = { generation: 0, accountId: undefined };

export function bindingOf(visitor: Session): Binding {
  const binding = visitor.getAttr(bindingAttribute);
  if (typeof binding !== 'object' || binding === null || !('generation' in binding)) return neverBound;
  const { generation, accountId } = binding;
  return {
    generation: typeof generation === 'number' ? generation : 0,
    accountId: typeof accountId === 'string' ? accountId : undefined,
  };
}
