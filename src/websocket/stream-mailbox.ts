import type { IncomingMessage } from 'node:http';
import type { Batch } from '../delivery/batch.js';
import type { StreamReceiver } from '../delivery/stream-request.js';
import { closedNotice, closeReasons } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { encodeBatch } from '../requests/batch-encoding.js';
import { isBrokenSocket } from '../requests/raw-response.js';
import { requestHeadOf } from '../requests/request-head.js';
import { queryOfTarget } from '../requests/request-target.js';
import { readStreamOptions } from '../requests/stream-query.js';
import { runtimeOf } from '../service/app-service.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { newId } from '../store/session-token.js';
import { Acknowledgements } from './acknowledgements.js';

/** The part of a `WebSocket` of the package `ws` that is used. */
export interface StreamSocket {
  /** 1 while it is open. */
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(text: string, onSent: (error?: Error | null) => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (data: { toString(): string }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

const open = 1;
const closed = 3;
/** Close codes of RFC 6455, 7.4.1: a message has invalid content; the server failed; the client should retry later. */
const invalidCode = 1007;
const internalErrorCode = 1011;
const tryLaterCode = 1013;
/**
 * A newer poll or stream of the reader took over. The code is not in `closeReasons`, because the session stays live.
 */
const supersededCode = 4009;
/** Maximum number of characters of a message: more than any acknowledgement has. */
const longestMessage = 1_024;

/**
 * Streams the mailbox of a session over a WebSocket that `authenticateUpgrade` opened. Call it in the listener of
 * `connection`. Each batch is one message, in the JSON of a poll's answer. The client may send only
 * `{"ack":"<cursor>"}`.
 *
 * @param request the upgrade; `after`, `reader` and `ack` are parameters of its URL
 * @throws SessionError `INVALID_ARGUMENT` if `manager` is not a `SessionManager`
 */
export function streamMailbox(
  manager: SessionManager,
  socket: StreamSocket,
  session: Session,
  request: IncomingMessage,
): void {
  const runtime = runtimeOf(manager);
  const app = manager.app === session.app ? manager : manager.inApp(session.app);
  const isDraining = () => runtime.isDraining;
  const stream = new SocketStream(socket, request.socket, manager.context.streamMaxBytes, isDraining);
  try {
    const options = readStreamOptions(requestHeadOf(request), queryOfTarget(request.url));
    const reader = options.reader ?? newId('');
    const acknowledgements = new Acknowledgements((cursor) => acknowledge(app, session.id, reader, stream, cursor));
    socket.on('message', (data) => receive(acknowledgements, stream, data.toString()));
    // The socket emitted `close` before this function could listen for it.
    if (socket.readyState === closed) return;
    const opened = app.streamInto(session, { ...options, reader }, stream);
    socket.on('close', () => opened.cancel());
  } catch (error) {
    stream.fail(error);
  }
}

class SocketStream implements StreamReceiver {
  readonly #socket: StreamSocket;
  /** The connection of the WebSocket. */
  readonly #connection: IncomingMessage['socket'];
  readonly #mostUnsent: number;
  readonly #isDraining: () => boolean;
  /** The cursor of the last batch that was sent. */
  #cursor: string | undefined;

  constructor(
    socket: StreamSocket,
    connection: IncomingMessage['socket'],
    mostUnsent: number,
    isDraining: () => boolean,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#mostUnsent = mostUnsent;
    this.#isDraining = isDraining;
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    const socket = this.#socket;
    if (socket.readyState !== open) return;
    if (socket.bufferedAmount > this.#mostUnsent) {
      // A close frame would wait behind the data that the client does not read.
      socket.terminate();
      return;
    }
    this.#cursor = batch.cursor;
    socket.send(encodeBatch(batch), (error) => {
      // Node also calls back without an error for data that was not sent when the connection was destroyed.
      // `readyState` does not show this, because data in front of a close frame is still sent.
      if (error == null && !isBrokenSocket(this.#connection)) acknowledge?.();
    });
    if (batch.closed !== undefined) this.#closeFor(batch.closed.code);
    else if (batch.superseded) this.close(supersededCode, 'A newer poll or stream of this reader took over.');
    else if (batch.retry !== undefined && this.#isDraining()) this.#closeFor('shutdown');
    else if (batch.retry !== undefined) this.close(tryLaterCode, 'The server holds as many streams as it may.');
  }

  fail(error: unknown): void {
    if (SessionError.is(error, 'SESSION_CLOSED')) this.#closeFor(error.details.reason);
    else if (SessionError.is(error, 'SESSION_UNKNOWN')) this.#closeFor('revoked');
    else if (SessionError.is(error, 'INVALID_ARGUMENT')) this.close(invalidCode, error.message);
    else if (SessionError.is(error)) this.close(tryLaterCode, error.code);
    else {
      reportFault('A stream failed', error);
      this.close(internalErrorCode, 'The server failed');
    }
  }

  /**
   * Sends an empty batch. The pings of `authenticateUpgrade` end a connection that does not answer, but browsers hide
   * pings. Without this batch a page could not distinguish a quiet mailbox from a dead connection.
   */
  beat(): void {
    const cursor = this.#cursor;
    if (cursor === undefined || this.#socket.readyState !== open) return;
    this.#socket.send(encodeBatch({ messages: [], cursor, lost: 0 }), () => {});
  }

  close(code: number, reason: string): void {
    // A close frame has room for 123 bytes of text.
    if (this.#socket.readyState === open) this.#socket.close(code, Buffer.from(reason).subarray(0, 120).toString());
  }

  #closeFor(code: keyof typeof closeReasons): void {
    this.close(closeReasons[code].webSocketCode, closedNotice(code).reason);
  }
}

function receive(acknowledgements: Acknowledgements, stream: SocketStream, text: string): void {
  const cursor = cursorIn(text);
  if (cursor === undefined) {
    stream.close(invalidCode, 'A message must be {"ack":"<cursor>"}');
    return;
  }
  try {
    acknowledgements.add(cursor);
  } catch (error) {
    stream.fail(error);
  }
}

async function acknowledge(
  app: SessionManager,
  id: string,
  reader: string,
  stream: SocketStream,
  cursor: string,
): Promise<void> {
  try {
    await app.acknowledge(id, reader, cursor);
  } catch (error) {
    // While the store is unavailable the messages stay, and a later acknowledgement covers this one.
    if (!SessionError.is(error, 'STORE_UNAVAILABLE')) stream.fail(error);
  }
}

function cursorIn(text: string): string | undefined {
  if (text.length > longestMessage) return undefined;
  try {
    const message: unknown = JSON.parse(text);
    const cursor = typeof message === 'object' && message !== null && 'ack' in message ? message.ack : undefined;
    return typeof cursor === 'string' ? cursor : undefined;
  } catch {
    return undefined;
  }
}
