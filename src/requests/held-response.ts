import type { Batch } from '../delivery/batch.js';
import type { PollReceiver } from '../delivery/poll-request.js';
import { reportFault } from '../errors/fault-report.js';
import { encodeBatch } from './batch-encoding.js';
import { batchHeaders, failedPoll } from './poll-answer.js';
import { abort, isClosed, onceClosed, onceInTurn, onceWrittenOut, type RawResponse } from './raw-response.js';

/**
 * Answers a request later, or never, without its framework. While a poll is held, only Node's own objects and this
 * object stay in memory. Headers that middleware has set are sent too. No method throws: if an answer can't be sent,
 * the failure is reported as a process warning, and the response is ended without the answer.
 */
export class HeldResponse implements PollReceiver {
  readonly #raw: RawResponse;

  /** @param raw over HTTP/1 or HTTP/2 */
  constructor(raw: RawResponse) {
    this.#raw = raw;
  }

  /** Whether the response was sent, or can't be sent any more. */
  get isClosed(): boolean {
    return isClosed(this.#raw);
  }

  /** Calls `listener` once the client has disconnected or the response has been sent. */
  onceClosed(listener: () => void): void {
    onceClosed(this.#raw, listener);
  }

  /** Answers with a batch, after the answers to earlier requests of the connection. */
  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    this.#send(200, batchHeaders, () => encodeBatch(batch), acknowledge);
  }

  /** Answers with a problem document. */
  fail(error: unknown): void {
    const { status, headers, body } = failedPoll(error);
    this.#send(status, headers, () => body, undefined);
  }

  /**
   * Encodes the body only after all earlier answers were written. A client may pipeline many polls of a full mailbox
   * and read no answer. A batch shares its texts with the mailbox, but each encoded body is a separate copy.
   */
  #send(
    status: number,
    headers: Readonly<Record<string, string>>,
    encode: () => string,
    onWrittenOut: (() => void) | undefined,
  ): void {
    try {
      onceInTurn(this.#raw, () => this.#write(status, headers, encode, onWrittenOut));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Middleware may have wrapped every method of the response, so each of them may throw. */
  #write(
    status: number,
    headers: Readonly<Record<string, string>>,
    encode: () => string,
    onWrittenOut: (() => void) | undefined,
  ): void {
    const raw = this.#raw;
    try {
      if (isClosed(raw)) return;
      const body = encode();
      // Not by `writeHead`: middleware that wraps it, such as `on-headers`, may misread a list of headers.
      raw.statusCode = status;
      for (const [name, value] of Object.entries(headers)) raw.setHeader(name, value);
      raw.setHeader('Content-Length', Buffer.byteLength(body));
      if (onWrittenOut !== undefined) onceWrittenOut(raw, onWrittenOut);
      // Node writes head and body in one piece when the body is a string passed to `end` before the head was sent.
      raw.end(body);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    reportFault('The answer to a poll could not be sent', error);
    abort(this.#raw);
  }
}
