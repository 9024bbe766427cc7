import { guarded } from '../errors/guarded.js';
import { SessionError } from '../errors/session-error.js';

export interface ConnectionWatch {
  /** Resolves if the store can be reached, and rejects otherwise. */
  ping(): Promise<void>;
  disconnected(): void;
  connected(): void;
}

/**
 * Tracks whether the session store can be reached. A call that fails with `STORE_UNAVAILABLE` starts an outage; from
 * then on the store is pinged until it answers, which ends the outage. Each change is reported once.
 */
export class ConnectionState {
  readonly #watch: ConnectionWatch;
  readonly #pingIntervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isAway = false;
  #isClosed = false;

  constructor(watch: ConnectionWatch, pingIntervalMs: number) {
    // Both functions emit an event to listeners of the application. A timer calls `connected`: there an exception of a
    // listener would become an unhandled rejection.
    this.#watch = {
      ping: () => watch.ping(),
      disconnected: guarded("A 'disconnect' listener of the session store threw", () => watch.disconnected()),
      connected: guarded("A 'connect' listener of the session store threw", () => watch.connected()),
    };
    this.#pingIntervalMs = pingIntervalMs;
  }

  /** Observes the outcome of a call, and passes it on unchanged. */
  async follow<Result>(call: Promise<Result>): Promise<Result> {
    try {
      return await call;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** Handles the error of a failed call. */
  failed(error: unknown): void {
    if (SessionError.is(error, 'STORE_UNAVAILABLE')) this.#beginOutage();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #beginOutage(): void {
    if (this.#isAway || this.#isClosed) return;
    this.#isAway = true;
    this.#pingLater();
    this.#watch.disconnected();
  }

  #pingLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#ping(), this.#pingIntervalMs).unref();
  }

  async #ping(): Promise<void> {
    try {
      await this.#watch.ping();
    } catch {
      // Any error counts, not only STORE_UNAVAILABLE: a read of a session would fail as well.
      this.#pingLater();
      return;
    }
    if (this.#isClosed) return;
    this.#isAway = false;
    this.#watch.connected();
  }
}
