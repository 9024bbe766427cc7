import type { IncomingMessage } from 'node:http';
import { type ClosedNotice, type CloseReason, closedNotice, closeReasons } from '../errors/close-reason.js';
import { type LiveSocket, requireLive } from './live-socket.js';

/** What is needed of a server-side `Socket` of Socket.IO. */
export interface SocketIoSocket {
  readonly request: IncomingMessage;
  readonly handshake: { readonly auth: { readonly [key: string]: unknown } };
  readonly connected: boolean;
  readonly data: object;
  readonly conn: {
    readonly readyState: string;
    once(event: 'close', listener: () => void): unknown;
    close(): void;
  };
  readonly nsp: {
    readonly server: {
      readonly _opts: {
        readonly connectionStateRecovery?: { readonly skipMiddlewares?: boolean | undefined } | undefined;
      };
    };
  };
  once(event: 'disconnect', listener: () => void): unknown;
  emit(event: 'session-closed', notice: ClosedNotice): unknown;
  disconnect(close: true): unknown;
}

/** A socket of Socket.IO that ends with its session: from its connect packet until it is gone. */
export class SocketIoLink implements LiveSocket {
  readonly activity: boolean;
  readonly #socket: SocketIoSocket;
  #ended: CloseReason | undefined;
  #isLetIn = false;

  constructor(socket: SocketIoSocket, activity: boolean) {
    this.#socket = socket;
    this.activity = activity;
  }

  /** Why the session ended, if it did. */
  get ended(): CloseReason | undefined {
    return this.#ended;
  }

  /** From now on an end is for us to carry out; until then its client is refused. */
  letIn(): void {
    requireLive(this);
    this.#isLetIn = true;
  }

  /**
   * Socket.IO shows its clients no close codes, so the reason goes ahead as an event. What decides whether they come back
   * is who closes: after a `disconnect` of the server they don't, after the loss of the connection they do.
   */
  end(reason: CloseReason): void {
    this.#ended = reason;
    const socket = this.#socket;
    if (!this.#isLetIn) return;
    // Other middlewares may still think about it.
    if (socket.connected) socket.emit('session-closed', closedNotice(reason));
    if (socket.connected && !closeReasons[reason].reconnect) socket.disconnect(true);
    else socket.conn.close();
  }

  /** Socket.IO asks its clients by itself whether they are still there. */
  beat(): void {}
}
