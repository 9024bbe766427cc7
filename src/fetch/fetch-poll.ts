import type { Batch } from '../delivery/batch.js';
import type { Cancellable, PollReceiver } from '../delivery/poll-request.js';
import { encodeBatch } from '../requests/batch-encoding.js';

/** What nginx logs for a client that left before the answer. No client receives it. */
export const clientClosedRequest = 499;

/** One poll that is answered by a `Response`. */
export class FetchPoll implements PollReceiver {
  readonly #headers: Readonly<Record<string, string>>;
  #resolve: (response: Response) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** @param headers of the answer, beside those of a batch */
  constructor(headers: Readonly<Record<string, string>>) {
    this.#headers = headers;
  }

  /**
   * @param signal aborted when the client has left
   * @returns rejects with the error of a poll that failed
   */
  async answer(start: (receiver: PollReceiver) => Cancellable, signal: AbortSignal): Promise<Response> {
    let leave = () => {};
    try {
      return await new Promise<Response>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        const poll = start(this);
        leave = () => {
          poll.cancel();
          resolve(new Response(null, { status: clientClosedRequest }));
        };
        if (signal.aborted) leave();
        else signal.addEventListener('abort', leave);
      });
    } finally {
      // A signal may live longer than its request.
      signal.removeEventListener('abort', leave);
    }
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    const text = encodeBatch(batch);
    const body = acknowledge === undefined ? text : takenOnce(text, acknowledge);
    const headers = {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': String(Buffer.byteLength(text)),
      ...this.#headers,
    };
    this.#resolve(new Response(body, { status: 200, headers }));
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

/** Bytes; as many as Node buffers for a socket before it says that the client reads too slowly. */
const pieceSize = 16_384;

/**
 * A body that tells when the server has taken all of it: only then does a draining poll remove its messages. A server
 * asks for the next piece once it has written the one before; where the client is gone it never asks.
 */
function takenOnce(text: string, acknowledge: () => void): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (sent < bytes.length) {
          controller.enqueue(bytes.subarray(sent, sent + pieceSize));
          sent += pieceSize;
          return;
        }
        controller.close();
        acknowledge();
      },
    },
    // Otherwise the stream would be pulled, and take itself for written, before anything reads it.
    { highWaterMark: 0 },
  );
}
