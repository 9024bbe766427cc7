import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import type { PresenceCounts } from '../store/session-store.js';

const hour = 3_600_000;
/** Milliseconds for which a count is cached. */
const freshTime = 60_000;

/** Number of sessions and accounts in the store, for all nodes together. */
export interface SessionCensus {
  readonly sessions: number;
  /** Accounts with a session that was active within the last hour. */
  readonly activeAccounts: number;
  /** Sessions of all apps, by the presence that was reported last. */
  readonly presence: PresenceCounts;
  /** Time at which the count began. */
  readonly at: number;
}

/**
 * Counts the sessions of an app. The SQLite store reads all of them for a count, in steps between which other calls run.
 * Therefore the sessions are counted only when an operator asks, by one count at a time, and at most once a minute.
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
    const [sessions, presence, activeAccounts] = await Promise.all([
      this.#manager.countSessions(),
      runtimeOf(this.#manager).store.countPresence(),
      this.#manager.activity(hour),
    ]);
    return { sessions, activeAccounts, presence, at };
  }
}
