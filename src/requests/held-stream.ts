import type { Batch } from '../delivery/batch.js';
import type { StreamReceiver } from '../delivery/stream-request.js';
import { reportFault } from '../errors/fault-report.js';
import { encodeEvents, encodeFailure, heartbeatEvent, isLast } from './event-encoding.js';
import { HeldResponse } from './held-response.js';
import { fitsAtOnce, PacedWriter } from './paced-writer.js';
import { abort, isClosed, onceClosed, type RawResponse, sendHead, unsentBytes, writeText } from './raw-response.js';

export const eventHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  // Compression would hold events back until it has enough of them.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * Sends a stream as Server-Sent Events. A client that reads too slowly is cut off. When it reconnects, it continues
 * after the last event that it has received. No method throws.
 */
export class HeldStream implements StreamReceiver {
  readonly #raw: RawResponse;
  /** Created for the first large text, or slow client: nearly no idle stream has one. */
  #writer: PacedWriter | undefined = undefined;
  readonly #mostUnsent: number;
  #isOpen = false;
  /**
   * Number of bytes that would be unsent if the client had read nothing since the last heartbeat; 0 if none were unsent
   * then.
   */
  #unsentIfUnread = 0;
  #hangUp = () => {};

  /**
   * @param raw over HTTP/1 or HTTP/2
   * @param mostUnsent maximum number of bytes that may wait when the next text is to be sent; else the client is cut
   *   off
   */
  constructor(raw: RawResponse, mostUnsent: number) {
    this.#raw = raw;
    this.#mostUnsent = mostUnsent;
  }

  /** Whether the stream has ended, or can't be opened any more. */
  get isClosed(): boolean {
    return isClosed(this.#raw);
  }

  /** Calls `listener`, which ends the stream, once the client has disconnected, or was cut off. */
  onceClosed(listener: () => void): void {
    this.#hangUp = listener;
    onceClosed(this.#raw, listener);
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    this.#send(() => encodeEvents(batch), isLast(batch), acknowledge);
  }

  fail(error: unknown): void {
    if (this.#isOpen) this.#send(() => encodeFailure(error), true, undefined);
    else new HeldResponse(this.#raw).fail(error);
  }

  /** Sends a heartbeat, or cuts off a client that had bytes to read at the last heartbeat and has read none since. */
  beat(): void {
    const unsent = this.#unsent;
    if (unsent > 0 && unsent >= this.#unsentIfUnread && this.#unsentIfUnread > 0) {
      this.#cutOff();
      return;
    }
    this.#send(() => heartbeatEvent, false, undefined);
    this.#unsentIfUnread = unsent === 0 ? 0 : this.#unsent;
  }

  get #unsent(): number {
    return this.#writer?.unsent ?? unsentBytes(this.#raw);
  }

  /** Middleware may have wrapped every method of the response, so each of them may throw. */
  #send(encode: () => string, ends: boolean, onWrittenOut: (() => void) | undefined): void {
    const raw = this.#raw;
    try {
      if (isClosed(raw)) return;
      const unsent = this.#unsent;
      if (unsent > this.#mostUnsent) {
        this.#cutOff();
        return;
      }
      if (!this.#isOpen) {
        this.#isOpen = true;
        sendHead(raw, eventHeaders);
      }
      this.#write(encode(), onWrittenOut);
      if (this.#unsentIfUnread > 0) this.#unsentIfUnread += this.#unsent - unsent;
      if (ends) (this.#writer ?? raw).end();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #write(text: string, onWrittenOut: (() => void) | undefined): void {
    if (this.#writer === undefined && fitsAtOnce(this.#raw, text)) {
      writeText(this.#raw, text, onWrittenOut);
      return;
    }
    this.#writer ??= new PacedWriter(this.#raw, (error) => this.#giveUp(error));
    this.#writer.write(text, onWrittenOut);
  }

  #giveUp(error: unknown): void {
    reportFault('A stream could not be sent', error);
    this.#cutOff();
  }

  #cutOff(): void {
    abort(this.#raw);
    // The response to a pipelined request may emit no 'close' while it is queued.
    this.#hangUp();
  }
}
