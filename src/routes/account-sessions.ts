import { invalidArgument } from '../errors/session-error.js';
import { checkRequirement, type RequiredAuthentication, requireChecked } from '../requests/required-authentication.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import type { Presence } from '../store/session-record.js';

/** A session of the account, as its user may see it. */
export interface SessionListEntry {
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastTime: number;
  readonly presence: Presence;
  /** Whether the request was made with this session. */
  readonly current: boolean;
  readonly undelivered: number;
}

/** What a user may do with the sessions of their account: list them, and close them ("log out this device"). */
export class AccountSessions {
  readonly #manager: SessionManager;
  readonly #revokeRequires: RequiredAuthentication | undefined;

  /**
   * @param front whose option `revokeRequires` is, for the error
   * @param revokeRequires what the login of a session must fulfil that ends others
   * @throws SessionError `INVALID_CONTEXT`
   */
  constructor(manager: SessionManager, front: string, revokeRequires: RequiredAuthentication | undefined) {
    this.#manager = manager;
    this.#revokeRequires = revokeRequires && checkRequirement(`${front} revokeRequires`, revokeRequires);
  }

  async list(current: Session): Promise<{ sessions: SessionListEntry[] }> {
    const sessions = await this.#manager.sessionsOfAccount(current.accountId);
    return { sessions: sessions.map((session) => listEntry(session, current)) };
  }

  /**
   * @param id of another session
   * @returns false for an id of no session of this account: ids of other accounts can't be told from unknown ones
   * @throws SessionError `REAUTHENTICATION_REQUIRED`
   */
  async revoke(current: Session, id: string): Promise<boolean> {
    this.#requireAuthentication(current);
    const sessions = await this.#manager.sessionsOfAccount(current.accountId);
    const target = sessions.find((session) => session.id === id);
    return target !== undefined && (await target.close('revoked'));
  }

  /**
   * @param except what the client names as kept, so that a client that forgets the id in the path does not close all sessions
   * @throws SessionError `INVALID_ARGUMENT` if it is not `current`, `REAUTHENTICATION_REQUIRED`
   */
  async revokeOthers(current: Session, except: unknown): Promise<void> {
    if (except !== 'current') throw invalidArgument('except', 'must be "current"', except);
    this.#requireAuthentication(current);
    await this.#manager.closeAccount(current.accountId, { except: current.id });
  }

  #requireAuthentication(current: Session): void {
    if (this.#revokeRequires !== undefined) requireChecked(current, this.#revokeRequires);
  }
}

function listEntry(session: Session, current: Session): SessionListEntry {
  const { id, ip, userAgent, createdAt, lastTime, presence, undelivered } = session;
  return { id, ip, userAgent, createdAt, lastTime, presence, current: id === current.id, undelivered };
}
