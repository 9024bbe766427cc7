import type { MailboxState, Pause, Tell } from './news.js';
import { Refusal } from './refusal.js';
import type { Sign, Surroundings } from './surroundings.js';
import { type Exchange, type Exchanger, inTime, longestSilence, longestTimer } from './transport.js';
import type { Batch, ClosedNotice } from './wire.js';

/** Bounds in milliseconds for the random pause after a failure. Its maximum doubles with each consecutive failure. */
const firstBackoff = 500;
const longestBackoff = 30_000;
/** Maximum milliseconds of the pause after the server has closed a connection and requested no pause. */
const comeBack = 2_000;
/** Number of retries after the server has refused a token. The application may have another token by then. */
const usualChances = 1;
/** Number of retries after a rotation. The client may learn of the rotation before it gets the new token. */
const chancesAfterRotation = 5;

/** The bearer token, or a function that returns it for each attempt; `undefined` if the session is in the cookie. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>) | undefined;

/** Receiver of the messages of a connection. */
export interface Feed {
  /** Cursor up to which the application has all messages. */
  readonly cursor: string;
  /** Number of messages that the application has not taken. */
  readonly unread: number;
  /** @returns whether the batch was meant for this client */
  receive(batch: Batch): boolean;
}

export type ConnectionSetting = Pick<Exchange, 'base' | 'fetch' | 'WebSocket' | 'memory' | 'reader'> & {
  readonly token: TokenSource;
  readonly exchange: Exchanger;
  readonly surroundings: Surroundings;
};

/** Number of unread messages at which the client ends a stream. It opens another stream when the messages are taken. */
const mostUnread = 200;

/** Reasons for which an exchange is aborted although nothing has failed. */
const woken = Symbol();
const full = Symbol();

/**
 * Keeps one client connected: makes one exchange after the other, and decides what to do after a failure. `#rest` is
 * the reason why its loop waits:
 * - `room`: the application has messages to take. The wait ends when the application has taken them.
 * - `backoff`: something failed. The wait ends early when the network is back.
 * - `pause`: the server asked the client to come back later. Nothing shortens the wait.
 */
export class ClientConnection {
  /** Only `MailboxClient` reads it. */
  state: Exclude<MailboxState, 'closed'> = 'connecting';
  readonly #setting: ConnectionSetting;
  readonly #feed: Feed;
  readonly #tell: Tell;
  readonly #onEnd: (closed: ClosedNotice) => void;
  #hasEnded = false;
  #exchange = new AbortController();
  #rest: 'room' | 'backoff' | 'pause' | undefined;
  #endRest = () => {};
  #onTaken: (() => void) | undefined;
  /** The pause that the server asked for in the latest batch. */
  #asked: Pause | undefined;
  #failures = 0;
  #chances = usualChances;

  /** @param onEnd called when the connection has ended for good */
  constructor(setting: ConnectionSetting, feed: Feed, tell: Tell, onEnd: (closed: ClosedNotice) => void) {
    this.#setting = setting;
    this.#feed = feed;
    this.#tell = tell;
    this.#onEnd = onEnd;
    void this.#run();
  }

  stop(): void {
    this.#hasEnded = true;
    this.#exchange.abort();
    this.#endRest();
  }

  /** Continues after the application has taken messages. */
  taken(): void {
    this.#onTaken?.();
    if (this.#rest === 'room') this.#endRest();
  }

  heed(sign: Sign): void {
    if (sign === 'offline' || sign === 'leaving') this.#exchange.abort(new Error('Away'));
    else if (this.#rest === 'backoff') this.#endRest();
    // An exchange over an older connection may hang for ever. A page that only became visible again still has a
    // connection.
    else if (sign !== 'visible' && !this.#rest) this.#exchange.abort(woken);
  }

  async #run(): Promise<void> {
    // Let the application add its listeners first.
    await undefined;
    while (!this.#hasEnded) {
      if (this.#feed.unread > 0) await this.#restFor('room');
      else await this.#attempt();
    }
  }

  async #attempt(): Promise<void> {
    this.#exchange = new AbortController();
    const { signal } = this.#exchange;
    this.#asked = undefined;
    if (this.state !== 'open') this.#enter('connecting');
    try {
      const { token, exchange, surroundings } = this.#setting;
      const { clock } = surroundings;
      // A token source may never answer. It may ask a person, so give it more time than the server.
      const bearer =
        typeof token === 'function' ? await inTime({ clock, signal }, longestSilence, async () => token()) : token;
      const exchanged = exchange({
        ...this.#setting,
        clock,
        after: this.#feed.cursor,
        token: bearer,
        signal,
        isOpen: this.state === 'open',
        opened: () => this.#opened(),
        deliver: (batch) => this.#deliver(batch, signal),
        hasPause: () => !!this.#asked,
        onTaken: (listener) => {
          this.#onTaken = () => listener(this.#feed.cursor);
        },
      });
      await exchanged.finally(() => {
        this.#onTaken = undefined;
      });
      if (this.#asked) await this.#pause('waiting', this.#asked, 'pause');
    } catch (error) {
      if (signal.reason === woken) this.#enter('connecting');
      else if (signal.reason !== full) await this.#recover(signal.aborted ? signal.reason : error);
    }
  }

  #opened(): void {
    this.#failures = 0;
    this.#chances = usualChances;
    this.#enter('open');
  }

  #deliver(batch: Batch, signal: AbortSignal): void {
    signal.throwIfAborted();
    if (!this.#feed.receive(batch)) throw new Error('Another mailbox');
    this.#opened();
    const { closed, superseded, retry } = batch;
    if (closed?.code === 'rotated') this.#chances = chancesAfterRotation;
    if (superseded) {
      this.#end({ code: 'superseded', reason: 'Taken over by another client', reconnect: false });
    } else if (closed && !this.#mayComeBack(closed)) {
      this.#end(closed);
    } else if (closed || retry !== undefined) {
      // A random pause, so that clients that lost the server at the same time don't come back at the same time.
      this.#asked = { delay: retry ?? this.#setting.surroundings.random() * comeBack, cause: closed };
    } else if (this.#feed.unread >= mostUnread) {
      this.#exchange.abort(full);
    }
  }

  #mayComeBack(closed: ClosedNotice): boolean {
    // After a rotation, a fixed token is no longer valid.
    return closed.reconnect && !(closed.code === 'rotated' && typeof this.#setting.token === 'string');
  }

  async #recover(cause: unknown): Promise<void> {
    const refusal: Partial<Refusal> = cause instanceof Refusal ? cause : {};
    if (this.#ends(refusal)) return;
    const { random, isOffline } = this.#setting.surroundings;
    const backoff = random() * Math.min(longestBackoff, firstBackoff * 2 ** this.#failures);
    this.#failures += 1;
    const { retryAfter = 0 } = refusal;
    const pause = { delay: retryAfter + backoff, cause };
    await this.#pause(isOffline() ? 'away' : 'waiting', pause, retryAfter ? 'pause' : 'backoff');
  }

  /** Ends the connection if another attempt is useless. @returns whether it has ended the connection */
  #ends({ status, code, closed, message = '', isFinal }: Partial<Refusal>): boolean {
    if (closed && !this.#mayComeBack(closed)) return this.#end(closed);
    if (!isFinal || !code) return false;
    if (status === 400 && this.#feed.cursor) {
      // The server refuses the cursor. Ask for everything that the server retains, and report a `reset` to the
      // application.
      this.#feed.receive({ messages: [], cursor: '', lost: 0, reset: true });
      return false;
    }
    if (status === 401 && typeof this.#setting.token !== 'string' && this.#chances > 0) {
      this.#chances -= 1;
      return false;
    }
    return this.#end({ code, reason: message, reconnect: false });
  }

  #end(closed: ClosedNotice): true {
    this.stop();
    this.#onEnd(closed);
    return true;
  }

  #enter(state: ClientConnection['state'], pause?: Pause): void {
    // A listener may have closed the client.
    if (this.#hasEnded || (state === this.state && !pause)) return;
    this.state = state;
    this.#tell(state, pause);
  }

  #pause(state: 'waiting' | 'away', pause: Pause, rest: 'backoff' | 'pause'): Promise<void> {
    this.#enter(state, pause);
    return this.#restFor(rest, pause.delay);
  }

  /** @param delay maximum milliseconds */
  #restFor(rest: 'room' | 'backoff' | 'pause', delay = longestTimer): Promise<void> {
    this.#rest = rest;
    return new Promise((resolve) => {
      // A listener may have closed the client.
      if (this.#hasEnded) return resolve();
      this.#endRest = () => {
        timer.cancel();
        this.#rest = undefined;
        resolve();
      };
      const { clock } = this.#setting.surroundings;
      const timer = clock.setTimer(Math.min(delay, longestTimer), this.#endRest);
    });
  }
}
