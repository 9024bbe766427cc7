import type { CloseReason } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import type { SessionManager } from '../service/session-manager.js';
import type { LiveSocket } from './live-socket.js';

/** One session's open sockets at this node. */
export class Attendance {
  readonly #manager: SessionManager;
  readonly #id: string;
  /** By which it is found. */
  readonly key: string;
  readonly #onEnd: (reason: CloseReason) => void;
  readonly sockets = new Set<LiveSocket>();
  /** Whether it may have ended, and is being asked about. A doubt that comes while it is needs another answer. */
  #doubt: 'none' | 'doubted' | 'asked' = 'none';

  /** @param onEnd hears that the session was found to have ended, perhaps more than once */
  constructor(manager: SessionManager, key: string, id: string, onEnd: (reason: CloseReason) => void) {
    this.#manager = manager;
    this.key = key;
    this.#id = id;
    this.#onEnd = onEnd;
  }

  /** Shows that the client is there. One contact, however many sockets it has. */
  async contact(): Promise<void> {
    if (this.sockets.size === 0) return;
    try {
      let activity = false;
      for (const socket of this.sockets) {
        socket.beat();
        activity ||= socket.activity;
      }
      await this.#manager.renewSession(this.#id, { activity });
    } catch (error) {
      this.#judge(error);
    }
  }

  /**
   * The session may have ended.
   * @returns whether `check` is to be called: not when it is going to be, or asks again by itself
   */
  doubt(): boolean {
    const isNew = this.#doubt === 'none';
    this.#doubt = 'doubted';
    return isNew;
  }

  /** Asks whether the session still lives, until no doubt is left. */
  async check(): Promise<void> {
    while (this.#doubt === 'doubted' && this.sockets.size > 0) {
      this.#doubt = 'asked';
      try {
        await this.#manager.getSession(this.#id);
      } catch (error) {
        this.#judge(error);
      }
    }
    this.#doubt = 'none';
  }

  #judge(error: unknown): void {
    if (SessionError.is(error, 'SESSION_CLOSED')) this.#onEnd(error.details.reason);
    // It ended so long ago that the store has forgotten why: while we could not ask.
    else if (SessionError.is(error, 'SESSION_UNKNOWN')) this.#onEnd('revoked');
    // While the store is away nobody knows; the next contact will tell. When the service stops, all are sent away.
    else if (!SessionError.is(error)) reportFault('The session of a socket could not be looked up', error);
  }
}
