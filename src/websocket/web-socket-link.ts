import { type CloseReason, closeReasons } from '../errors/close-reason.js';
import type { Clock, Timer } from '../time/clock.js';
import type { LiveSocket } from './live-socket.js';

/** The part of a `WebSocket` of the package `ws` that is used. */
export interface WebSocketLike {
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
  on(event: 'pong' | 'close' | 'error', listener: () => void): unknown;
  removeAllListeners(event: 'message'): unknown;
}

/** Milliseconds for which a client may take to answer the close frame before the connection is terminated. */
const closingTimeMs = 2_000;

/** A WebSocket that ends with its session, from before the handshake until the connection has closed. */
export class WebSocketLink implements LiveSocket {
  readonly activity: boolean;
  readonly #clock: Clock;
  readonly #pingTime: number;
  #socket: WebSocketLike | undefined;
  #ended: CloseReason | undefined;
  #pingedAt = 0;
  #awaitsPong = false;

  /** @param pingTime milliseconds between pings; 0 for none */
  constructor(clock: Clock, activity: boolean, pingTime: number) {
    this.#clock = clock;
    this.activity = activity;
    this.#pingTime = pingTime;
  }

  /** Why the session ended; `undefined` while it is live. */
  get ended(): CloseReason | undefined {
    return this.#ended;
  }

  /** Called after the handshake. */
  attach(socket: WebSocketLike): void {
    this.#socket = socket;
    this.#pingedAt = this.#clock.now();
    // A client can cause an error by a malformed frame, or by a frame that is longer than `maxPayload`. `ws` then
    // closes the connection with 1002, 1007 or 1009. Without a listener the error would end the process. The error is
    // not reported, because any client could fill the log with it. An application can listen for `error` itself.
    socket.on('error', () => {});
    socket.on('pong', () => {
      this.#awaitsPong = false;
    });
    if (this.#ended !== undefined) this.#close(socket, this.#ended);
  }

  end(reason: CloseReason): void {
    this.#ended = reason;
    if (this.#socket !== undefined) this.#close(this.#socket, reason);
  }

  /**
   * Pings the client if it is time. Otherwise a vanished client would count as present until TCP gives up, after
   * minutes.
   */
  beat(): void {
    const now = this.#clock.now();
    if (this.#socket === undefined || this.#pingTime === 0 || now - this.#pingedAt < this.#pingTime) return;
    if (this.#awaitsPong) {
      this.#socket.terminate();
      return;
    }
    this.#pingedAt = now;
    this.#awaitsPong = true;
    this.#socket.ping();
  }

  #close(socket: WebSocketLike, reason: CloseReason): void {
    // `ws` emits messages until the client has answered the close frame, which a client may never do.
    socket.removeAllListeners('message');
    const { webSocketCode, sentence } = closeReasons[reason];
    socket.close(webSocketCode, sentence);
    const termination: Timer = this.#clock.setTimer(closingTimeMs, () => socket.terminate());
    socket.on('close', () => termination.cancel());
  }
}
