import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { guarded } from '../errors/guarded.js';
import { mostUnanswered } from './unanswered-requests.js';

/** A response of Node's own, over HTTP/1 or over HTTP/2. */
export type RawResponse = ServerResponse | Http2ServerResponse;

/** `null` or absent where the response has no connection of its own, such as an injected request of Fastify. */
type Socket = IncomingMessage['socket'] | null | undefined;

const listenerFault = 'A listener of a poll response failed';

/** Whether the response was sent, or can't be sent any more because its client is gone. */
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
  // Node 24 emits 'close' on a queued response as well, so that both may tell.
  let isOver = false;
  const onceOver = () => {
    if (isOver) return;
    isOver = true;
    guardedListener();
  };
  raw.on('close', onceOver);
  onceClosedWhileQueued(raw, socket, onceOver);
}

/** Calls `listener` once the last byte went to the operating system, and never if the client was gone before. */
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
  // Node emits 'finish' also when the connection broke before the last byte was written. Only the socket tells which.
  // Node's own 'finish' listener detaches the socket, so this one must run before it.
  raw.prependOnceListener('finish', () => {
    const socket: Socket = raw.socket;
    if (socket != null && !isBrokenSocket(socket)) guardedListener();
  });
}

/**
 * Calls `listener` when what is written goes to the network: at once, or, for the response to a pipelined request, when
 * Node has written out all earlier responses of its connection. Node keeps what is written before in memory, without bound.
 */
export function onceInTurn(raw: RawResponse, listener: () => void): void {
  if (isHttp2(raw) || raw.socket !== null || requestSocketOf(raw) == null) {
    listener();
    return;
  }
  const guardedListener = guarded(listenerFault, listener);
  // Node emits no event for it, but assigns the socket by this method.
  const { assignSocket } = raw;
  raw.assignSocket = (socket) => {
    raw.assignSocket = assignSocket;
    raw.assignSocket(socket);
    guardedListener();
  };
}

/** Bytes that were written and wait for the network, or for the client to take what was sent. */
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
  // Node keeps the head for as long as the response is open, and joins its many parts only where it sends it by itself.
  raw.flushHeaders();
}

/** @param onWrittenOut called once the text went to the operating system, and never if the client was gone before */
export function writeText(raw: RawResponse, text: string, onWrittenOut: (() => void) | undefined): void {
  if (text === '') return;
  const written = (error: unknown) => {
    // Node calls back without an error also for what had not left when the connection, or the stream, was destroyed.
    if (error == null && !isBroken(raw)) onWrittenOut?.();
  };
  if (isHttp2(raw)) raw.write(text, 'utf8', written);
  else raw.write(text, 'utf8', written);
}

/** Whether the connection, or the stream, ended before all was sent. */
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

/** By socket, the queued responses with their listeners. */
const queued = new WeakMap<object, Map<ServerResponse, (() => void)[]>>();

/**
 * Node emits no 'close' on the response to a pipelined request that is still queued when the connection closes. One
 * listener per socket serves all queued responses. A connection with more of them than any client needs is ended.
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
