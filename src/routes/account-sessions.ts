import { invalidArgument } from '../errors/session-error.js';
import { checkRequirement, type RequiredAuthentication, requireChecked } from '../requests/required-authentication.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import type { Presence } from '../store/session-record.js';

/** The fields of a session that the user of its account may see. */
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

/** Lists and closes the sessions of an account for its user ("log out this device"). */
export class AccountSessions {
  readonly #manager: SessionManager;
  readonly #revokeRequires: RequiredAuthentication | undefined;

  /**
   * @param front name of the front that has the option `revokeRequires`, for the error
   * @param revokeRequires requirements on the login of a session that ends other sessions
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
   * @returns false if this account has no session of this id, so that ids of other accounts look like unknown ids
   * @throws SessionError `REAUTHENTICATION_REQUIRED`
   */
  async revoke(current: Session, id: string): Promise<boolean> {
    this.#requireAuthentication(current);
    const sessions = await this.#manager.sessionsOfAccount(current.accountId);
    const target = sessions.find((session) => session.id === id);
    return target !== undefined && (await target.close('revoked'));
  }

  /**
   * @param except must be `current`, so that a client that forgets the id in the path does not close all other sessions
   * @throws SessionError `INVALID_ARGUMENT`, `REAUTHENTICATION_REQUIRED`
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
