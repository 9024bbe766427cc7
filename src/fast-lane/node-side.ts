import type { Server } from 'node:http';
import type { Socket } from 'node:net';

type DataListener = (bytes: Buffer) => void;

/** Of `node:http`, for a connection of its server. */
export type ConnectionListener = (this: Server, socket: Socket) => void;

/**
 * What `node:http` has to do with one connection. Its listener of the event 'connection' is called only when it is needed.
 * Where the connection is to come back, its own listener of 'data' is taken off the socket and called by hand, with
 * public methods alone: the socket that the application sees is the real one.
 */
export class NodeSide {
  readonly #listener: ConnectionListener;
  readonly #server: Server;
  readonly #socket: Socket;
  readonly #onData: DataListener;
  #feed: DataListener | undefined = undefined;
  /** Whether `node:http` has set the time after which it closes the idle connection. */
  #idles = false;
  #own: Listeners | undefined = undefined;

  constructor(listener: ConnectionListener, server: Server, socket: Socket, onData: DataListener) {
    this.#listener = listener;
    this.#server = server;
    this.#socket = socket;
    this.#onData = onData;
  }

  /** Whether `node:http` has its listeners on the socket, and is given its bytes by hand. */
  get isAttached(): boolean {
    return this.#feed !== undefined;
  }

  /** Does what `node:http` does for a connection, until it is attached. */
  watch(): void {
    const socket = this.#socket;
    this.#own = {
      error: (error) => {
        if (!this.#server.emit('clientError', error, socket)) socket.destroy(error);
      },
      end: () => socket.end(),
      timeout: () => {
        if (!this.#server.emit('timeout', socket)) socket.destroy();
      },
    };
    socket.on('error', this.#own.error);
    socket.on('end', this.#own.end);
    if (this.#server.timeout > 0) {
      socket.setTimeout(this.#server.timeout);
      socket.on('timeout', this.#own.timeout);
    }
    socket.on('data', this.#onData);
  }

  /** @returns whether `node:http` can be given bytes by hand */
  attach(): boolean {
    if (this.#feed !== undefined) return true;
    const socket = this.#socket;
    const before = new Set(socket.listeners('data'));
    this.#detachOwn();
    this.#listener.call(this.#server, socket);
    const feed = socket.listeners('data').find((each) => !before.has(each));
    if (!isDataListener(feed)) return false;
    // `node:http` reads the connection beside the stream, until somebody listens for 'data'.
    socket.removeListener('data', this.#onData);
    socket.on('data', this.#onData);
    socket.removeListener('data', feed);
    this.#feed = feed;
    return true;
  }

  /** Gives bytes to `node:http`, which has answered whatever it was given before. */
  feed(bytes: Buffer): void {
    this.#feed?.call(this.#socket, bytes);
  }

  /** `node:http` has answered, and closes the connection when nothing else comes. */
  idles(): void {
    this.#idles = true;
  }

  stopIdling(): void {
    if (!this.#idles) return;
    this.#idles = false;
    this.#socket.setTimeout(this.#server.timeout);
  }

  /** Gives the connection to `node:http` for good, with bytes that it has not seen. */
  give(bytes: Buffer | undefined): void {
    const socket = this.#socket;
    const feed = this.#feed;
    socket.removeListener('data', this.#onData);
    if (feed !== undefined) {
      this.#feed = undefined;
      socket.on('data', feed);
      if (bytes !== undefined) feed.call(socket, bytes);
      return;
    }
    socket.pause();
    if (bytes !== undefined) socket.unshift(bytes);
    if (this.#own !== undefined) {
      this.#detachOwn();
      this.#listener.call(this.#server, socket);
    }
    socket.resume();
  }

  /** No request came in time. As `node:http` answers it. */
  refuseLate(): void {
    const socket = this.#socket;
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    if (this.#server.emit('clientError', error, socket)) return;
    if (socket.writable) socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    socket.destroy(error);
  }

  #detachOwn(): void {
    if (this.#own === undefined) return;
    const socket = this.#socket;
    socket.removeListener('error', this.#own.error);
    socket.removeListener('end', this.#own.end);
    socket.removeListener('timeout', this.#own.timeout);
    this.#own = undefined;
  }
}

interface Listeners {
  readonly error: (error: Error) => void;
  readonly end: () => void;
  readonly timeout: () => void;
}

function isDataListener(listener: unknown): listener is DataListener {
  return typeof listener === 'function';
}
