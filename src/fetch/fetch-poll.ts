import type { Batch } from '../delivery/batch.js';
import type { Cancellable, PollReceiver } from '../delivery/poll-request.js';
import { encodeBatch } from '../requests/batch-encoding.js';

/** Status that nginx logs if a client disconnects before the answer. */
const clientClosedRequest = 499;

/** The answer to a client that has disconnected. No client receives it. */
export function clientClosed(): Response {
  return new Response(null, { status: clientClosedRequest });
}

/** One poll that is answered by a `Response`. */
export class FetchPoll implements PollReceiver {
  readonly #headers: Readonly<Record<string, string>>;
  #resolve: (response: Response) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** @param headers headers of the answer, in addition to those of a batch */
  constructor(headers: Readonly<Record<string, string>>) {
    this.#headers = headers;
  }

  /**
   * @param signal is aborted when the client disconnects
   * @returns rejects with the error of a poll that failed
   */
  async answer(start: (receiver: PollReceiver) => Cancellable, signal: AbortSignal): Promise<Response> {
    // The client may have sent a newer poll by now, which this one would supersede.
    if (signal.aborted) return clientClosed();
    let leave = () => {};
    try {
      return await new Promise<Response>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        const poll = start(this);
        leave = () => {
          poll.cancel();
          resolve(clientClosed());
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

/**
 * Bytes in one piece of a body: as many as Node buffers for a socket before it reports that the client reads too
 * slowly.
 */
const pieceSize = 16_384;

/**
 * Returns a body that calls `acknowledge` when the server has taken all of it. Only then does a draining poll remove
 * its messages. A server pulls a piece once it has written the previous piece. If the client has disconnected, it never
 * does.
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
    // With a higher mark the stream would be pulled, and the batch acknowledged, before the server reads anything.
    { highWaterMark: 0 },
  );
}
