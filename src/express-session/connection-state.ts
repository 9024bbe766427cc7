import { SessionError } from '../errors/session-error.js';

export interface ConnectionWatch {
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  disconnected(): void;
  connected(): void;
}

/** Whether the store can be reached: found out by what calls meet, and while it can't, by asking again and again. */
export class ConnectionState {
  readonly #watch: ConnectionWatch;
  /** Milliseconds. */
  readonly #interval: number;
  #timer: NodeJS.Timeout | undefined;
  #isAway = false;
  #isClosed = false;

  constructor(watch: ConnectionWatch, interval: number) {
    this.#watch = watch;
    this.#interval = interval;
  }

  /** Looks at how a call ends, which it leaves as it is. */
  async follow<Result>(call: Promise<Result>): Promise<Result> {
    try {
      return await call;
    } catch (error) {
      if (SessionError.is(error, 'STORE_UNAVAILABLE')) this.#leave();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #leave(): void {
    if (this.#isAway || this.#isClosed) return;
    this.#isAway = true;
    this.#askLater();
    this.#watch.disconnected();
  }

  #askLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#ask(), this.#interval).unref();
  }

  async #ask(): Promise<void> {
    try {
      await this.#watch.ping();
    } catch {
      // Away still, or in trouble: sessions would fare no better.
      this.#askLater();
      return;
    }
    if (this.#isClosed) return;
    this.#isAway = false;
    this.#watch.connected();
  }
}
