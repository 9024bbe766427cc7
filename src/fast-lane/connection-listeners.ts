import type { Socket } from 'node:net';
import { guarded } from '../errors/guarded.js';
import type { DataListener } from './node-side.js';

/** A connection, as far as the events of its socket are concerned. */
export interface ListeningConnection {
  read(bytes: Buffer): void;
  /** Writes what waits. */
  flush(): void;
  closed(): void;
}

/**
 * The listeners of the sockets of one lane. One of each kind serves all connections: closures for each connection, and what
 * they refer to, took about a kilobyte of each.
 */
export class ConnectionListeners {
  readonly data: DataListener;
  readonly #drain: (this: Socket) => void;
  readonly #close: (this: Socket) => void;

  /** @param connectionOf `undefined` for a socket that the lane has forgotten */
  constructor(connectionOf: (socket: object) => ListeningConnection | undefined) {
    this.data = listener((socket, bytes: Buffer) => connectionOf(socket)?.read(bytes));
    this.#drain = listener((socket) => connectionOf(socket)?.flush());
    this.#close = listener((socket) => connectionOf(socket)?.closed());
  }

  /** All but `data`, which `NodeSide` puts on and takes off. */
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
