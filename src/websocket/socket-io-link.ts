import type { IncomingMessage } from 'node:http';
import { type ClosedNotice, type CloseReason, closedNotice, closeReasons } from '../errors/close-reason.js';
import { type LiveSocket, requireLive } from './live-socket.js';

/** The part of a server-side `Socket` of Socket.IO that is used. */
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

  /** Why the session ended; `undefined` while it is live. */
  get ended(): CloseReason | undefined {
    return this.#ended;
  }

  /**
   * Accepts the client. From now on `end` disconnects it; before, the middleware refuses it.
   * @throws SessionError `SESSION_CLOSED`, `STOPPED`
   */
  accept(): void {
    requireLive(this);
    this.#isAccepted = true;
  }

  /**
   * Ends the socket. Socket.IO has no close codes, so the reason is sent as an event first. Clients reconnect after the
   * connection is lost, but not after the server's `disconnect`; `reconnect` of the close reason decides which is used.
   * A `disconnect` leaves the namespace, and closes the connection only if no socket of another namespace uses it.
   */
  end(reason: CloseReason): void {
    this.#ended = reason;
    const socket = this.#socket;
    if (!this.#isAccepted) return;
    // The socket is not connected yet while another middleware is pending.
    if (socket.connected) socket.emit('session-closed', closedNotice(reason));
    if (socket.connected && !closeReasons[reason].reconnect) socket.disconnect(isAlone(socket));
    else socket.conn.close();
  }

  /** Nothing to do: Socket.IO pings its clients itself. */
  beat(): void {}
}

/**
 * Calls the listener when Socket.IO has finished with the socket. Socket.IO emits no event for a socket that another
 * middleware refused, although the connection may continue with sockets of other namespaces. If a socket were
 * registered only once it is connected, the private method would not be needed. But then `maxSocket` could not refuse a
 * client, and another read would be needed to find a session that has ended before.
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

/** Whether no other socket uses the connection. Socket.IO has a map of the sockets, which its types hide. */
function isAlone({ client }: SocketIoLike): boolean {
  const sockets: unknown = Reflect.get(client, 'sockets');
  return sockets instanceof Map && sockets.size <= 1;
}
