import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export type DataListener = (this: Socket, bytes: Buffer) => void;

/** The listener with which `node:http` takes a connection of its server. */
export type ConnectionListener = (this: Server, stream: object) => void;

/**
 * Passes connections of a server to `node:http`. The listener of `node:http` for 'connection' is called only when
 * `node:http` is needed. If a connection is to return, the listener of `node:http` for 'data' is removed from the
 * socket and called directly. Only public methods are used, and the application sees the real socket.
 */
export class NodeSide {
  readonly #server: Server;
  readonly #listener: ConnectionListener;
  readonly #onData: DataListener;
  readonly #own: Listeners;
  /** Initial value of the sockets: `node:http` keeps them open when the client has ended its side, TLS does not. */
  #allowsHalfOpen = true;

  /** @param onData receives the bytes of a connection until the connection is given to `node:http` for good */
  constructor(server: Server, listener: ConnectionListener, onData: DataListener) {
    this.#server = server;
    this.#listener = listener;
    this.#onData = onData;
    // One set for all connections; see `ConnectionListeners`.
    this.#own = {
      error(error) {
        if (!server.emit('clientError', error, this)) this.destroy(error);
      },
      timeout() {
        if (!server.emit('timeout', this)) this.destroy();
      },
    };
  }

  /** Does what `node:http` does for a connection, until `node:http` is attached to it. */
  watch(socket: Socket): void {
    socket.on('error', this.#own.error);
    // Like `node:http`, end the server's side once the client has ended its own. A listener of 'end' would do the same,
    // but takes 64 bytes of each connection.
    this.#allowsHalfOpen = socket.allowHalfOpen;
    socket.allowHalfOpen = false;
    if (this.#server.timeout > 0) {
      socket.setTimeout(this.#server.timeout);
      socket.on('timeout', this.#own.timeout);
    }
    socket.on('data', this.#onData);
  }

  /**
   * Lets `node:http` add its listeners to the socket.
   * @returns the listener that passes bytes to `node:http`; `undefined` if there is none
   */
  attach(socket: Socket): DataListener | undefined {
    const before = new Set(socket.listeners('data'));
    this.#unwatch(socket);
    this.#listener.call(this.#server, socket);
    const feed = socket.listeners('data').find((each) => !before.has(each));
    if (!isDataListener(feed)) return undefined;
    // `node:http` reads the connection without the stream, until another listener for 'data' is added.
    socket.removeListener('data', this.#onData);
    socket.on('data', this.#onData);
    socket.removeListener('data', feed);
    return feed;
  }

  /**
   * Passes bytes to `node:http`. An exception of a listener of the application stays uncaught, as it does without a
   * lane.
   * @param feed the listener that `attach` has returned for the connection
   */
  feed(socket: Socket, feed: DataListener, bytes: Buffer): void {
    try {
      feed.call(socket, bytes);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** Restores the timeout of the server. `node:http` has set the timeout after which it closes the idle connection. */
  stopIdling(socket: Socket): void {
    socket.setTimeout(this.#server.timeout);
  }

  /**
   * Gives the connection to `node:http` for good.
   * @param feed the listener that `attach` has returned for the connection, if any
   * @param bytes bytes that `node:http` has not received yet
   */
  give(socket: Socket, feed: DataListener | undefined, bytes: Buffer | undefined): void {
    socket.removeListener('data', this.#onData);
    if (feed !== undefined) {
      socket.on('data', feed);
      if (bytes !== undefined) this.feed(socket, feed, bytes);
      return;
    }
    socket.pause();
    if (bytes !== undefined) socket.unshift(bytes);
    if (socket.listeners('error').includes(this.#own.error)) {
      this.#unwatch(socket);
      this.#listener.call(this.#server, socket);
    }
    socket.resume();
  }

  /** Refuses a connection without a request in time, in the same way as `node:http`. */
  refuseLate(socket: Socket): void {
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    if (this.#server.emit('clientError', error, socket)) return;
    if (socket.writable) socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    socket.destroy(error);
  }

  #unwatch(socket: Socket): void {
    socket.removeListener('error', this.#own.error);
    socket.allowHalfOpen = this.#allowsHalfOpen;
    socket.removeListener('timeout', this.#own.timeout);
  }
}

interface Listeners {
  readonly error: (this: Socket, error: Error) => void;
  readonly timeout: (this: Socket) => void;
}

function isDataListener(listener: unknown): listener is DataListener {
  return typeof listener === 'function';
}
