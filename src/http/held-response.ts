import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CustomParameterDecoratorHandlerOptions,
  createCustomNativeParameterDecorator,
} from '@inversifyjs/http-core';
import { type Batch, encodeBatch } from '../core/batch.js';
import { reportFault } from '../core/fault-report.js';
import type { PollReceiver } from '../core/poll-request.js';
import { SessionError } from '../core/session-error.js';
import { problemOf } from '../request/problem.js';
import { faceOf, type RequestFace } from '../request/request-face.js';

/** The parts of a Fastify reply that are needed to take its response over. */
interface FastifyReplyFace {
  readonly raw: ServerResponse;
  hijack(): void;
  getHeaders(): Record<string, number | string | string[] | undefined>;
}

/** The parts of a Hono context on Node that are needed to take its response over. */
interface HonoContextFace {
  readonly env: { readonly outgoing: ServerResponse };
  readonly res: Response;
}

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

/** One request that its controller means to answer by itself. */
export class HeldExchange {
  readonly request: RequestFace;
  readonly #response: object;
  readonly #query: () => unknown;

  constructor(request: object, response: object, query: () => unknown) {
    this.request = faceOf(request);
    this.#response = response;
    this.#query = query;
  }

  get query(): { readonly [name: string]: unknown } {
    const query = this.#query();
    return typeof query === 'object' && query !== null ? { ...query } : {};
  }

  /**
   * Takes the response away from its framework.
   * @returns the response, and what the controller must return for the framework to leave it alone
   */
  hold(): { response: HeldResponse; result: unknown } {
    const response = this.#response;
    if (isFastifyReply(response)) {
      copyHeaders(Object.entries(response.getHeaders()), response.raw);
      response.hijack();
      return { response: new HeldResponse(response.raw), result: undefined };
    }
    if (isHonoContext(response)) {
      copyHeaders(response.res.headers, response.env.outgoing);
      return { response: new HeldResponse(response.env.outgoing), result: honoAlreadySent() };
    }
    if (isServerResponse(response)) return { response: new HeldResponse(response), result: undefined };
    throw new TypeError('The response is of no HTTP framework known here: Fastify, Express, or Hono on Node');
  }
}

/** Parameter decorator: the exchange as a whole, for a controller that answers later. */
export function Held(): ParameterDecorator {
  return createCustomNativeParameterDecorator(
    (request: object, response: object, options: CustomParameterDecoratorHandlerOptions<object, object>) =>
      new HeldExchange(request, response, () => options.getQuery(request)),
  );
}

function copyHeaders(
  headers: Iterable<readonly [string, number | string | string[] | undefined]>,
  raw: ServerResponse,
) {
  for (const [name, value] of headers) if (value !== undefined) raw.setHeader(name, value);
}

/**
 * The mark by which Hono's Node server knows that a response was sent behind its back. It looks for the mark only on
 * responses that are not of its own lightweight kind; asking for the body turns such a one into an ordinary one.
 */
function honoAlreadySent(): Response {
  const response = new Response(null, { headers: { 'x-hono-already-sent': 'true' } });
  void response.body;
  return response;
}

function isFastifyReply(response: object): response is FastifyReplyFace {
  return 'hijack' in response && 'raw' in response;
}

function isHonoContext(response: object): response is HonoContextFace {
  return 'env' in response && typeof response.env === 'object' && response.env !== null && 'outgoing' in response.env;
}

function isServerResponse(response: object): response is ServerResponse {
  return 'writeHead' in response && 'end' in response;
}
