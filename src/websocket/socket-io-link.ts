import type { IncomingMessage } from 'node:http';
import { type ClosedNotice, type CloseReason, closedNotice, closeReasons } from '../errors/close-reason.js';
import { type LiveSocket, requireLive } from './live-socket.js';

/** What is used of a server-side `Socket` of Socket.IO. */
export interface SocketIoLike {
  readonly request: IncomingMessage;
  readonly handshake: { readonly auth: { readonly [key: string]: unknown } };
  readonly connected: boolean;
  readonly data: object;
  /** The connection, which sockets of several namespaces may share. */
  readonly client: object;
  readonly conn: {
    readonly readyState: string;
    once(event: 'close', listener: () => void): unknown;
    off(event: 'close', listener: () => void): unknown;
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
  disconnect(close: boolean): unknown;
}

/** A socket of Socket.IO that ends with its session, from its connect packet until it has disconnected. */
export class SocketIoLink implements LiveSocket {
  readonly activity: boolean;
  readonly #socket: SocketIoLike;
  #ended: CloseReason | undefined;
  #isAccepted = false;

  constructor(socket: SocketIoLike, activity: boolean) {
    this.#socket = socket;
    this.activity = activity;
  }

  /** Why the session ended; `undefined` while it lives. */
  get ended(): CloseReason | undefined {
    return this.#ended;
  }

  /**
   * From now on `end` disconnects the client; before, the middleware refuses it.
   * @throws SessionError `SESSION_CLOSED`, `STOPPED`
   */
  accept(): void {
    requireLive(this);
    this.#isAccepted = true;
  }

  /**
   * Socket.IO gives clients no close codes, so the reason is sent as an event first. Clients reconnect after the
   * connection is lost, but not after the server's `disconnect`; `reconnect` of the close reason decides which is used.
   * A `disconnect` leaves the namespace, and closes the connection only when no socket of another namespace is on it.
   */
  end(reason: CloseReason): void {
    this.#ended = reason;
    const socket = this.#socket;
    if (!this.#isAccepted) return;
    // Not connected yet while another middleware is pending.
    if (socket.connected) socket.emit('session-closed', closedNotice(reason));
    if (socket.connected && !closeReasons[reason].reconnect) socket.disconnect(isAlone(socket));
    else socket.conn.close();
  }

  /** Nothing to do: Socket.IO pings its clients itself. */
  beat(): void {}
}

/**
 * Calls the listener when Socket.IO is done with the socket. No event tells of one that another middleware refused, while
 * its connection may go on with sockets of other namespaces. To register a socket only once it is connected would need no
 * such method, but then `maxSocket` could not refuse a client, and an end of the session before that would have to be
 * looked for by another read.
 */
export function onCleanup(socket: SocketIoLike, listener: () => void): void {
  const cleanup: unknown = Reflect.get(socket, '_cleanup');
  if (typeof cleanup !== 'function') return;
  const value = (): void => {
    listener();
    Reflect.apply(cleanup, socket, []);
  };
  Object.defineProperty(socket, '_cleanup', { value, configurable: true, writable: true });
}

/** Whether no other socket is on the connection. Socket.IO counts them, though its types keep that to itself. */
function isAlone({ client }: SocketIoLike): boolean {
  const sockets: unknown = Reflect.get(client, 'sockets');
  return sockets instanceof Map && sockets.size <= 1;
}
