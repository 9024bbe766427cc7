import type { Socket } from 'node:net';
import { guarded } from '../errors/guarded.js';
import type { DataListener } from './node-side.js';

/** The part of a connection that handles the events of its socket. */
export interface ListeningConnection {
  read(bytes: Buffer): void;
  /** Writes the answers that wait. */
  flush(): void;
  closed(): void;
}

/**
 * The listeners of the sockets of one lane. One listener of each kind serves all connections: separate closures for
 * each connection took about a kilobyte per connection.
 */
export class ConnectionListeners {
  readonly data: DataListener;
  readonly #drain: (this: Socket) => void;
  readonly #close: (this: Socket) => void;

  /** @param connectionOf returns `undefined` for a socket that the lane has forgotten */
  constructor(connectionOf: (socket: object) => ListeningConnection | undefined) {
    this.data = listener((socket, bytes: Buffer) => connectionOf(socket)?.read(bytes));
    this.#drain = listener((socket) => connectionOf(socket)?.flush());
    this.#close = listener((socket) => connectionOf(socket)?.closed());
  }

  /** Adds all listeners except `data`, which `NodeSide` adds and removes. */
  watch(socket: Socket): void {
    socket.on('drain', this.#drain);
    socket.on('close', this.#close);
  }
}

function listener<Args extends readonly unknown[]>(
  call: (socket: Socket, ...args: Args) => void,
): (this: Socket, ...args: Args) => void {
  const safe = guarded('A connection of the fast lane failed', call);
  return function (...args) {
    safe(this, ...args);
  };
}
