import type { Batch } from '../delivery/batch.js';
import type { Cancellable } from '../delivery/poll-request.js';
import type { StreamReceiver } from '../delivery/stream-request.js';
import { encodeEvents, encodeFailure, heartbeatEvent, isLast } from '../requests/event-encoding.js';
import { eventHeaders } from '../requests/held-stream.js';
import { pieceSize } from '../requests/paced-writer.js';
import { clientClosed } from './fetch-poll.js';

const encoder = new TextEncoder();

/** A stream that is answered by a `Response` with Server-Sent Events, once its mailbox was read. */
export class FetchStream implements StreamReceiver {
  readonly #headers: Readonly<Record<string, string>>;
  readonly #mostUnsent: number;
  #resolve: (response: Response) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #hangUp = () => {};
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #hasEnded = false;
  #isCancelled = false;
  /** Called once the server has taken everything that waits now. */
  #onTaken: (() => void)[] = [];
  /**
   * Number of bytes that would be unsent if the client had read nothing since the last heartbeat; 0 if none were unsent
   * then.
   */
  #unsentIfUnread = 0;

  /**
   * @param headers headers of the answer, in addition to those of a stream
   * @param mostUnsent maximum number of bytes that may wait when the next text is to be sent; else the client is cut
   *   off
   */
  constructor(headers: Readonly<Record<string, string>>, mostUnsent: number) {
    this.#headers = headers;
    this.#mostUnsent = mostUnsent;
  }

  /**
   * @param signal is aborted when the client disconnects
   * @returns rejects with the error of a stream that could not be opened
   */
  async open(start: (receiver: StreamReceiver) => Cancellable, signal: AbortSignal): Promise<Response> {
    // The client may have opened a newer stream by now, which this one would supersede.
    if (signal.aborted) return clientClosed();
    return new Promise<Response>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const leave = () => this.#leave();
      const opened = start(this);
      this.#hangUp = () => {
        // A signal may live longer than its request.
        signal.removeEventListener('abort', leave);
        opened.cancel();
      };
      if (this.#hasEnded) this.#hangUp();
      else if (signal.aborted) leave();
      else signal.addEventListener('abort', leave);
    });
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    this.#send(encodeEvents(batch), acknowledge);
    if (isLast(batch)) this.#end();
  }

  fail(error: unknown): void {
    if (this.#controller === undefined) {
      this.#reject(error);
    } else {
      this.#send(encodeFailure(error), undefined);
    }
    this.#end();
  }

  /** Sends a heartbeat, or cuts off a client that had bytes to read at the last heartbeat and has read none since. */
  beat(): void {
    const unsent = this.#unsent;
    if (unsent > 0 && unsent >= this.#unsentIfUnread && this.#unsentIfUnread > 0) {
      this.#cutOff();
      return;
    }
    this.#send(heartbeatEvent, undefined);
    this.#unsentIfUnread = unsent === 0 ? 0 : this.#unsent;
  }

  get #unsent(): number {
    return -(this.#controller?.desiredSize ?? 0);
  }

  #send(text: string, onTaken: (() => void) | undefined): void {
    if (this.#hasEnded) return;
    const unsent = this.#unsent;
    if (unsent > this.#mostUnsent) {
      this.#cutOff();
      return;
    }
    this.#controller ??= this.#respond();
    const bytes = encoder.encode(text);
    for (let start = 0; start < bytes.length; start += pieceSize)
      this.#controller.enqueue(bytes.subarray(start, start + pieceSize));
    if (this.#unsentIfUnread > 0) this.#unsentIfUnread += this.#unsent - unsent;
    if (onTaken !== undefined) this.#onTaken.push(onTaken);
  }

  /**
   * Sends the head. The high-water mark of the body is 0: a server pulls a piece once it has written the previous
   * piece.
   */
  #respond(): ReadableStreamDefaultController<Uint8Array> {
    let made: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          made = controller;
        },
        pull: () => {
          for (const taken of this.#onTaken.splice(0)) taken();
        },
        cancel: () => {
          this.#isCancelled = true;
          this.#leave();
        },
      },
      { highWaterMark: 0, size: (piece) => piece.length },
    );
    if (made === undefined) throw new TypeError('A ReadableStream must call start at once');
    this.#resolve(new Response(body, { status: 200, headers: { ...eventHeaders, ...this.#headers } }));
    return made;
  }

  /** Ends the stream after the last event. Events that wait are still sent. */
  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#hangUp();
    // A body that the server has cancelled is closed already.
    if (!this.#isCancelled) this.#controller?.close();
  }

  /** Ends the stream of a client that has disconnected. */
  #leave(): void {
    if (this.#hasEnded) return;
    this.#end();
    if (this.#controller === undefined) this.#resolve(clientClosed());
  }

  /** Cuts off a client that reads too slowly. Events that wait are dropped. */
  #cutOff(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#hangUp();
    this.#controller?.error(new Error('The client of a stream does not take what it is sent'));
  }
}
