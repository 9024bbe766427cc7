import type { CloseReason } from '../core/close-reason.js';
import { reportFault } from '../core/fault-report.js';
import { SessionError } from '../core/session-error.js';
import type { SessionManager } from '../core/session-manager.js';
import type { LiveSocket } from './live-socket.js';

/** One session's open sockets at this node. */
export class Attendance {
  readonly #manager: SessionManager;
  readonly #id: string;
  /** By which it is found. */
  readonly key: string;
  readonly #onEnd: (reason: CloseReason) => void;
  readonly sockets = new Set<LiveSocket>();
  /** What is under way. A question put while one is under way would be answered too early by it. */
  #question: 'none' | 'asked' | 'again' = 'none';
  #isInContact = false;

  /** @param onEnd hears that the session was found to have ended, perhaps more than once */
  constructor(manager: SessionManager, key: string, id: string, onEnd: (reason: CloseReason) => void) {
    this.#manager = manager;
    this.key = key;
    this.#id = id;
    this.#onEnd = onEnd;
  }

  /** Shows that the client is there. One contact, however many sockets it has. */
  async contact(): Promise<void> {
    // A contact that waits for a slow store is as good as the next.
    if (this.#isInContact || this.sockets.size === 0) return;
    this.#isInContact = true;
    let activity = false;
    for (const socket of this.sockets) {
      socket.beat();
      activity ||= socket.activity;
    }
    try {
      await this.#manager.renewSession(this.#id, { activity });
    } catch (error) {
      this.#judge(error);
    } finally {
      this.#isInContact = false;
    }
  }

  /** Asks whether the session still lives. */
  async check(): Promise<void> {
    const isAsking = this.#question !== 'none';
    this.#question = 'again';
    if (isAsking) return;
    while (this.#question === 'again' && this.sockets.size > 0) {
      this.#question = 'asked';
      try {
        await this.#manager.getSession(this.#id);
      } catch (error) {
        this.#judge(error);
      }
    }
    this.#question = 'none';
  }

  #judge(error: unknown): void {
    if (SessionError.is(error, 'SESSION_CLOSED')) this.#onEnd(error.details.reason);
    // It ended so long ago that the store has forgotten why: while we could not ask.
    else if (SessionError.is(error, 'SESSION_UNKNOWN')) this.#onEnd('revoked');
    // While the store is away nobody knows; the next contact will tell. When the service stops, all are sent away.
    else if (!SessionError.is(error)) reportFault('The session of a socket could not be looked up', error);
  }
}
