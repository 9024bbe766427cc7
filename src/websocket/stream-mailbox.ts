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

/** What is used of a `WebSocket` of the package `ws`. */
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
/** RFC 6455, 7.4.1: a message of a wrong content; the server can't go on; come back later. */
const invalidCode = 1007;
const internalErrorCode = 1011;
const tryLaterCode = 1013;
/** A newer poll or stream of the reader took over. Beside the codes of `closeReasons`, because the session lives on. */
const supersededCode = 4009;
/** More characters than any acknowledgement has. */
const longestMessage = 1_024;

/**
 * Streams the mailbox of a session over a WebSocket that `authenticateUpgrade` opened: call it in the listener of
 * `connection`. Each batch is one message, in the JSON of a poll's answer. The client sends `{"ack":"<cursor>"}`, and
 * nothing else.
 *
 * @param request the upgrade; `after`, `reader` and `ack` are parameters of its URL
 * @throws SessionError `INVALID_ARGUMENT` when `manager` is none
 */
export function streamMailbox(
  manager: SessionManager,
  socket: StreamSocket,
  session: Session,
  request: IncomingMessage,
): void {
  const app = manager.app === session.app ? manager : manager.inApp(session.app);
  const isDraining = () => runtimeOf(manager).isDraining;
  const stream = new SocketStream(socket, request.socket, manager.context.streamMaxBytes, isDraining);
  try {
    const options = readStreamOptions(requestHeadOf(request), queryOfTarget(request.url));
    const reader = options.reader ?? newId('');
    socket.on('message', (data) => void acknowledge(app, session.id, reader, stream, data.toString()));
    // Its `close` was emitted before anyone listened here.
    if (socket.readyState === closed) return;
    const opened = app.streamInto(session, { ...options, reader }, stream);
    socket.on('close', () => opened.cancel());
  } catch (error) {
    stream.fail(error);
  }
}

class SocketStream implements StreamReceiver {
  readonly #socket: StreamSocket;
  /** Below the WebSocket. */
  readonly #connection: IncomingMessage['socket'];
  readonly #mostUnsent: number;
  readonly #isDraining: () => boolean;
  /** Of the batch sent last. */
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
      // A close frame would wait behind what the client does not take.
      socket.terminate();
      return;
    }
    this.#cursor = batch.cursor;
    socket.send(encodeBatch(batch), (error) => {
      // Node calls back without an error also for what had not left when the connection was destroyed. `readyState` does not
      // tell: what was sent before a close frame still leaves.
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
   * The pings of `authenticateUpgrade` end what does not answer, but browsers hide them: a client could not tell a quiet
   * mailbox from a connection that is dead.
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

async function acknowledge(
  app: SessionManager,
  id: string,
  reader: string,
  stream: SocketStream,
  text: string,
): Promise<void> {
  const cursor = cursorIn(text);
  if (cursor === undefined) {
    stream.close(invalidCode, 'A message must be {"ack":"<cursor>"}');
    return;
  }
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
