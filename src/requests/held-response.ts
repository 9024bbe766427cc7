import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Batch } from '../delivery/batch.js';
import type { PollReceiver } from '../delivery/poll-request.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { encodeBatch } from './batch-encoding.js';
import { problemOf } from './problem.js';

const batchHeaders = ['Content-Type', 'application/json', 'Cache-Control', 'no-store'];

/**
 * A response that is answered later, or never, without its framework: while a poll is held, nothing lives of the
 * request but Node's own objects and this one. Headers that middleware set before are sent along.
 */
export class HeldResponse implements PollReceiver {
  readonly #raw: ServerResponse;

  constructor(raw: ServerResponse) {
    this.#raw = raw;
  }

  /** Calls back when the client is gone, or all has been sent. */
  onceClosed(listener: () => void): void {
    const { socket } = this.#raw.req;
    if (this.#raw.closed || this.#raw.destroyed || socket.destroyed) {
      listener();
      return;
    }
    // Not `once`, whose wrapper would outlive the poll and keep it from the young generation's collector.
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
   * 'finish' comes when the last byte went to the operating system, but also when the connection broke before. Only the
   * socket tells which, and Node's own listener for 'finish' takes it away.
   */
  #onceWrittenOut(listener: () => void): void {
    this.#raw.prependOnceListener('finish', () => {
      const { socket } = this.#raw;
      if (socket !== null && !socket.destroyed && socket.errored === null) listener();
    });
  }

  #send(status: number, headers: readonly string[], body: string): void {
    if (this.#raw.destroyed) return;
    // Head and body leave in one write, because the body is a string that follows the head at once.
    this.#raw.writeHead(status, [...headers, 'Content-Length', String(Buffer.byteLength(body))]);
    this.#raw.end(body);
  }
}

type Socket = IncomingMessage['socket'];

const queued = new WeakMap<Socket, Set<() => void>>();

/**
 * A pipelined request's response that still waits for its turn is not told by Node when its connection closes. One
 * listener per socket serves them all, because a client may pipeline as many as it likes.
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
