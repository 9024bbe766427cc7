import type { SessionManager } from '../service/session-manager.js';

const hour = 3_600_000;
/** How long a count is shown again before it is made anew. */
const freshTime = 60_000;

/** How many sessions and accounts there are, over all nodes. */
export interface SessionCensus {
  readonly sessions: number;
  /** Accounts with a session that was active within the last hour. */
  readonly activeAccounts: number;
  /** When the count began. */
  readonly at: number;
}

/**
 * Counts the sessions of an app. SQLite walks over all of them for that, in steps that let others do their work: it is done only
 * when an operator asks for it, once at a time, and at most once a minute.
 */
export class Census {
  readonly #manager: SessionManager;
  #latest: Promise<SessionCensus> | undefined;
  #isDone = false;
  #startedAt = 0;

  constructor(manager: SessionManager) {
    this.#manager = manager;
  }

  /** @throws SessionError `STORE_UNAVAILABLE`, `STOPPED` */
  count(): Promise<SessionCensus> {
    const { now } = this.#manager;
    if (this.#latest !== undefined && !(this.#isDone && now - this.#startedAt >= freshTime)) return this.#latest;
    this.#startedAt = now;
    this.#isDone = false;
    const counting = this.#make(now);
    this.#latest = counting;
    counting.then(
      () => {
        this.#isDone = true;
      },
      () => {
        // The next operator who asks does not get this error again.
        this.#latest = undefined;
      },
    );
    return counting;
  }

  async #make(at: number): Promise<SessionCensus> {
    const [sessions, activeAccounts] = await Promise.all([this.#manager.countSessions(), this.#manager.activity(hour)]);
    return { sessions, activeAccounts, at };
  }
}
