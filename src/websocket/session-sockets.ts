import type { CloseReason } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import type { LiveSocket } from './live-socket.js';

/** The open sockets of one session at this node. */
export class SessionSockets {
  readonly #manager: SessionManager;
  readonly #id: string;
  /** App and id of the session, by which `LiveSockets` finds this object. */
  readonly key: string;
  readonly #onEnd: (reason: CloseReason) => void;
  readonly #onRotated: (generation: number) => void;
  /** The open sockets, each with the generation of the session in which it was opened. */
  readonly sockets = new Map<LiveSocket, number>();
  /**
   * `requested`: a check is queued. `running`: the store has been asked. A request during `running` leads to a second
   * check, because the store may have read the session before the change that caused the request.
   */
  #check: 'none' | 'requested' | 'running' = 'none';

  /**
   * @param onEnd called when the session is found to have ended, perhaps more than once
   * @param onRotated called when a socket is found to be of an older generation than the session
   */
  constructor(
    manager: SessionManager,
    key: string,
    id: string,
    onEnd: (reason: CloseReason) => void,
    onRotated: (generation: number) => void,
  ) {
    this.#manager = manager;
    this.key = key;
    this.#id = id;
    this.#onEnd = onEnd;
    this.#onRotated = onRotated;
  }

  /** Records one contact of the client, however many sockets it has. */
  async contact(): Promise<void> {
    if (this.sockets.size === 0) return;
    try {
      let activity = false;
      for (const socket of this.sockets.keys()) {
        socket.beat();
        activity ||= socket.activity;
      }
      this.#compare(await this.#manager.renewSession(this.#id, { activity }));
    } catch (error) {
      this.#handle(error);
    }
  }

  /**
   * Requests a check whether the session is still live, and whether the tokens of its sockets are still valid.
   * @returns whether the caller must queue `check`; otherwise a check is queued already, or the running check repeats
   *   itself
   */
  requestCheck(): boolean {
    const isNew = this.#check === 'none';
    this.#check = 'requested';
    return isNew;
  }

  /** Looks the session up until no check is requested any more. */
  async check(): Promise<void> {
    while (this.#check === 'requested' && this.sockets.size > 0) {
      this.#check = 'running';
      try {
        this.#compare(await this.#manager.getSession(this.#id));
      } catch (error) {
        this.#handle(error);
      }
    }
    this.#check = 'none';
  }

  #compare({ generation }: Session): void {
    for (const opened of this.sockets.values()) {
      if (opened >= generation) continue;
      this.#onRotated(generation);
      return;
    }
  }

  #handle(error: unknown): void {
    if (SessionError.is(error, 'SESSION_CLOSED')) this.#onEnd(error.details.reason);
    // The session ended while the store could not be reached, so long ago that the store has forgotten the reason.
    else if (SessionError.is(error, 'SESSION_UNKNOWN')) this.#onEnd('revoked');
    // STORE_UNAVAILABLE says nothing about the session: the next contact tries again. After STOPPED all sockets are
    // closed.
    else if (!SessionError.is(error)) reportFault('The session of a socket could not be looked up', error);
  }
}
