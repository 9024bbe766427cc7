import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Batch } from '../delivery/batch.js';
import type { PollReceiver } from '../delivery/poll-request.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { encodeBatch } from './batch-encoding.js';
import { problemOf } from './problem.js';

const batchHeaders = ['Content-Type', 'application/json', 'Cache-Control', 'no-store'];

/**
 * Answers a request later, or never, without its framework: while a poll is held, only Node's own objects and this one
 * stay in memory. Headers that middleware has set are sent too.
 */
export class HeldResponse implements PollReceiver {
  readonly #raw: ServerResponse;

  constructor(raw: ServerResponse) {
    this.#raw = raw;
  }

  /** Calls `listener` once the client has disconnected or the response has been sent. */
  onceClosed(listener: () => void): void {
    const { socket } = this.#raw.req;
    if (this.#raw.closed || this.#raw.destroyed || socket.destroyed) {
      listener();
      return;
    }
    // Not `once`: its wrapper would live until the poll ends, so V8 would move it to the old generation.
    this.#raw.on('close', listener);
    if (this.#raw.socket === null) onceClosedWhileQueued(this.#raw, socket, listener);
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    if (acknowledge !== undefined) this.#onceWrittenOut(acknowledge);
    this.#send(200, batchHeaders, encodeBatch(batch));
  }

  fail(error: unknown): void {
    if (SessionError.is(error)) {
      const { status, headers, body } = problemOf(error);
      this.#send(status, Object.entries(headers).flat(), body);
      return;
    }
    reportFault('A poll failed', error);
    const body = JSON.stringify({ title: 'Internal Server Error', status: 500 });
    this.#send(500, ['Content-Type', 'application/problem+json'], body);
  }

  /**
   * Node emits 'finish' when the last byte went to the operating system, but also when the connection broke before that.
   * Only the socket tells which. Node's own 'finish' listener detaches the socket, so this one must run before it.
   */
  #onceWrittenOut(listener: () => void): void {
    this.#raw.prependOnceListener('finish', () => {
      const { socket } = this.#raw;
      if (socket !== null && !socket.destroyed && socket.errored === null) listener();
    });
  }

  #send(status: number, headers: readonly string[], body: string): void {
    if (this.#raw.destroyed) return;
    // Node writes head and body in one piece when the body is a string passed to `end` directly after the head.
    this.#raw.writeHead(status, [...headers, 'Content-Length', String(Buffer.byteLength(body))]);
    this.#raw.end(body);
  }
}

type Socket = IncomingMessage['socket'];

const queued = new WeakMap<Socket, Set<() => void>>();

/**
 * Node emits no 'close' on the response to a pipelined request that is still queued when the connection closes. One
 * listener per socket serves all queued responses, because a client may pipeline any number of requests.
 */
function onceClosedWhileQueued(raw: ServerResponse, socket: Socket, listener: () => void): void {
  let listeners = queued.get(socket);
  if (listeners === undefined) {
    const all = new Set<() => void>();
    socket.once('close', () => {
      for (const each of all) each();
    });
    queued.set(socket, all);
    listeners = all;
  }
  const registered = listeners.add(listener);
  raw.once('close', () => registered.delete(listener));
}
