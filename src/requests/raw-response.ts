import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { guarded } from '../errors/guarded.js';
import { mostUnanswered } from './unanswered-requests.js';

/** A response object of Node, over HTTP/1 or over HTTP/2. */
export type RawResponse = ServerResponse | Http2ServerResponse;

/** `null` or absent if the request has no real connection, such as an injected request of Fastify. */
type Socket = IncomingMessage['socket'] | null | undefined;

interface Writer {
  write(data: string | Uint8Array, encoding: 'utf8', written: (error?: Error | null) => void): boolean;
}

const listenerFault = 'A listener of a poll response failed';

/** Whether the response was sent, or can't be sent any more because the client has disconnected. */
export function isClosed(raw: RawResponse): boolean {
  if (isHttp2(raw)) return raw.stream.closed || raw.stream.destroyed;
  return raw.closed || raw.destroyed || requestSocketOf(raw)?.destroyed === true;
}

/** Calls `listener` once the client has disconnected, or has reset the stream, or the response has been sent. */
export function onceClosed(raw: RawResponse, listener: () => void): void {
  const guardedListener = guarded(listenerFault, listener);
  if (isClosed(raw)) {
    guardedListener();
    return;
  }
  // Not `once`: its wrapper would live until the poll ends, so V8 would move it to the old generation.
  if (isHttp2(raw)) {
    raw.stream.on('close', guardedListener);
    return;
  }
  const socket = requestSocketOf(raw);
  if (raw.socket !== null || socket == null) {
    raw.on('close', guardedListener);
    return;
  }
  // Node 24 also emits 'close' on a queued response, so the response and the socket may both report the end.
  let isOver = false;
  const onceOver = () => {
    if (isOver) return;
    isOver = true;
    guardedListener();
  };
  raw.on('close', onceOver);
  onceClosedWhileQueued(raw, socket, onceOver);
}

/** Calls `listener` once the operating system has the last byte; never calls it if the client disconnected before. */
export function onceWrittenOut(raw: RawResponse, listener: () => void): void {
  const guardedListener = guarded(listenerFault, listener);
  if (isHttp2(raw)) {
    // The response emits 'finish' whenever its stream closes, also when the client reset it. The stream emits 'finish'
    // only after its last write was carried out.
    const { stream } = raw;
    stream.once('finish', () => {
      if (stream.rstCode === 0 && !stream.aborted && stream.errored === null) guardedListener();
    });
    return;
  }
  // Node also emits 'finish' if the connection broke before the last byte was written. Only the socket shows which
  // happened. Node's own 'finish' listener detaches the socket, so this one must run before it.
  raw.prependOnceListener('finish', () => {
    const socket: Socket = raw.socket;
    if (socket != null && !isBrokenSocket(socket)) guardedListener();
  });
}

/**
 * Calls `listener` when Node sends written data to the network: immediately, or, for the response to a pipelined
 * request, when Node has written out all earlier responses of the connection. Data that is written earlier stays in
 * memory, without a limit.
 */
export function onceInTurn(raw: RawResponse, listener: () => void): void {
  if (isHttp2(raw) || raw.socket !== null || requestSocketOf(raw) == null) {
    listener();
    return;
  }
  const guardedListener = guarded(listenerFault, listener);
  // Node emits no event at that moment, but calls this method to assign the socket.
  const { assignSocket } = raw;
  raw.assignSocket = (socket) => {
    raw.assignSocket = assignSocket;
    raw.assignSocket(socket);
    guardedListener();
  };
}

/** Returns the number of written bytes that wait for the network, or for the client to read earlier bytes. */
export function unsentBytes(raw: RawResponse): number {
  return isHttp2(raw) ? raw.stream.writableLength : raw.writableLength;
}

/** Sends the head of a response that stays open, with status 200. */
export function sendHead(raw: RawResponse, headers: Readonly<Record<string, string>>): void {
  if (isHttp2(raw)) {
    raw.writeHead(200, { ...headers });
    return;
  }
  raw.writeHead(200, headers);
  // Node keeps the text of the head while the response is open, and joins its many parts only if it sends the head
  // separately.
  raw.flushHeaders();
}

/** Whether a middleware encodes the body. Such a middleware may pass no callback of a write on. */
export function isEncoding(raw: RawResponse): boolean {
  return raw.hasHeader('content-encoding');
}

/**
 * Writes a part of a response whose head was sent.
 *
 * A middleware may have replaced `write`, and pass no callback on, like `compression`. Then nothing would report that
 * the text was written out. Therefore the text is written by the method of the response's class, unless the middleware
 * encodes the body.
 * @param onWrittenOut called once the operating system has the text; never called if the client disconnected before
 */
export function writeText(raw: RawResponse, text: string | Uint8Array, onWrittenOut: (() => void) | undefined): void {
  if (text === '') return;
  const written = (error: unknown) => {
    // Node also calls back without an error for data that was not sent when the connection, or the stream, was
    // destroyed.
    if (error == null && !isBroken(raw)) onWrittenOut?.();
  };
  const { write }: Writer = isEncoding(raw) ? raw : Object.getPrototypeOf(raw);
  Reflect.apply(write, raw, [text, 'utf8', written]);
}

/** Whether the connection, or the stream, ended before everything was sent. */
function isBroken(raw: RawResponse): boolean {
  if (isHttp2(raw)) return raw.stream.destroyed || raw.stream.aborted || raw.stream.rstCode !== 0;
  return isBrokenSocket(requestSocketOf(raw));
}

export function isBrokenSocket(socket: Socket): boolean {
  return socket != null && (socket.destroyed || socket.errored != null);
}

/** Ends the response without an answer; over HTTP/1 this closes the connection. */
export function abort(raw: RawResponse): void {
  if (isHttp2(raw)) raw.stream.destroy();
  else raw.destroy();
}

function isHttp2(raw: RawResponse): raw is Http2ServerResponse {
  return 'stream' in raw;
}

function requestSocketOf(raw: ServerResponse): Socket {
  return raw.req.socket;
}

/** The queued responses of each socket, with their listeners. */
const queued = new WeakMap<object, Map<ServerResponse, (() => void)[]>>();

/**
 * Calls the listener if the connection closes while the response to a pipelined request is still queued. Before version
 * 24 Node emits no 'close' on such a response. One listener per socket serves all queued responses. A connection that
 * has more queued responses than any client needs is destroyed.
 */
function onceClosedWhileQueued(raw: ServerResponse, socket: NonNullable<Socket>, listener: () => void): void {
  let responses = queued.get(socket);
  if (responses === undefined) {
    const all: Map<ServerResponse, (() => void)[]> = new Map();
    socket.once('close', () => {
      for (const listeners of all.values()) for (const each of listeners) each();
    });
    queued.set(socket, all);
    responses = all;
  }
  const registered = responses;
  const listeners = registered.get(raw);
  if (listeners !== undefined) {
    listeners.push(listener);
    return;
  }
  registered.set(raw, [listener]);
  raw.once('close', () => registered.delete(raw));
  if (registered.size >= mostUnanswered) socket.destroy();
}
