import { type CloseReason, closeReasons } from '../errors/close-reason.js';
import type { Clock, Timer } from '../time/clock.js';
import type { LiveSocket } from './live-socket.js';

/** What is needed of a `WebSocket` of the package `ws`. */
export interface WebSocketFace {
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
  on(event: 'pong' | 'close', listener: () => void): unknown;
  removeAllListeners(event: 'message'): unknown;
}

/** How long a client may take to answer that the WebSocket is closed before the connection is cut, in milliseconds. */
const farewellTime = 2_000;

/** A WebSocket that ends with its session: from before the handshake until the connection is gone. */
export class WebSocketLink implements LiveSocket {
  readonly activity: boolean;
  readonly #clock: Clock;
  readonly #pingTime: number;
  #socket: WebSocketFace | undefined;
  #ended: CloseReason | undefined;
  #pingedAt = 0;
  #isSilent = false;

  /** @param pingTime milliseconds between pings; 0 for none */
  constructor(clock: Clock, activity: boolean, pingTime: number) {
    this.#clock = clock;
    this.activity = activity;
    this.#pingTime = pingTime;
  }

  /** Why the session ended, if it did. */
  get ended(): CloseReason | undefined {
    return this.#ended;
  }

  /** The handshake is done. */
  attach(socket: WebSocketFace): void {
    this.#socket = socket;
    this.#pingedAt = this.#clock.now();
    socket.on('pong', () => {
      this.#isSilent = false;
    });
    if (this.#ended !== undefined) this.#close(socket, this.#ended);
  }

  end(reason: CloseReason): void {
    this.#ended = reason;
    if (this.#socket !== undefined) this.#close(this.#socket, reason);
  }

  /** A client that vanished without a farewell would count as present until its network gives up, which takes minutes. */
  beat(): void {
    const now = this.#clock.now();
    if (this.#socket === undefined || this.#pingTime === 0 || now - this.#pingedAt < this.#pingTime) return;
    if (this.#isSilent) {
      this.#socket.terminate();
      return;
    }
    this.#pingedAt = now;
    this.#isSilent = true;
    this.#socket.ping();
  }

  #close(socket: WebSocketFace, reason: CloseReason): void {
    // A WebSocket still hands over what comes until the client has answered the close, which one may never do.
    socket.removeAllListeners('message');
    const { webSocketCode, sentence } = closeReasons[reason];
    socket.close(webSocketCode, sentence);
    const cut: Timer = this.#clock.setTimer(farewellTime, () => socket.terminate());
    socket.on('close', () => cut.cancel());
  }
}
