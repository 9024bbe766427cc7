import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export type DataListener = (this: Socket, bytes: Buffer) => void;

/** Of `node:http`, for a connection of its server. */
export type ConnectionListener = (this: Server, stream: object) => void;

/**
 * What `node:http` has to do with the connections of a server. Its listener of the event 'connection' is called only when it
 * is needed. Where a connection is to come back, its own listener of 'data' is taken off the socket and called by hand, with
 * public methods alone: the socket that the application sees is the real one.
 */
export class NodeSide {
  readonly #server: Server;
  readonly #listener: ConnectionListener;
  readonly #onData: DataListener;
  readonly #own: Listeners;
  /** As the server has made its sockets: those of `node:http` stay open for a client that has ended its side, those of TLS do not. */
  #allowsHalfOpen = true;

  /** @param onData has the bytes of a connection until it is given to `node:http` for good */
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

  /** Does what `node:http` does for a connection, until it is attached. */
  watch(socket: Socket): void {
    socket.on('error', this.#own.error);
    // As `node:http` ends its side once the client has ended its own. A listener of 'end' would do the same, for 64 bytes of each
    // connection.
    this.#allowsHalfOpen = socket.allowHalfOpen;
    socket.allowHalfOpen = false;
    if (this.#server.timeout > 0) {
      socket.setTimeout(this.#server.timeout);
      socket.on('timeout', this.#own.timeout);
    }
    socket.on('data', this.#onData);
  }

  /**
   * Lets `node:http` put its listeners on the socket.
   * @returns the one by which it is given bytes by hand; `undefined` if there is none to be found
   */
  attach(socket: Socket): DataListener | undefined {
    const before = new Set(socket.listeners('data'));
    this.#unwatch(socket);
    this.#listener.call(this.#server, socket);
    const feed = socket.listeners('data').find((each) => !before.has(each));
    if (!isDataListener(feed)) return undefined;
    // `node:http` reads the connection beside the stream, until somebody listens for 'data'.
    socket.removeListener('data', this.#onData);
    socket.on('data', this.#onData);
    socket.removeListener('data', feed);
    return feed;
  }

  /**
   * Gives `node:http` bytes by hand. An exception of a listener of the application is uncaught, as it is without a lane.
   * @param feed what `attach` has returned for the connection
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

  /** Undoes that `node:http` has set the time after which it closes the idle connection. */
  stopIdling(socket: Socket): void {
    socket.setTimeout(this.#server.timeout);
  }

  /**
   * Gives the connection to `node:http` for good.
   * @param feed what `attach` has returned for it
   * @param bytes that `node:http` has not seen
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

  /** No request came in time. As `node:http` answers it. */
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
