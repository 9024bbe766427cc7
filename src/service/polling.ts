import type { Batch } from '../delivery/batch.js';
import type { Cancellable, PollReceiver } from '../delivery/poll-request.js';

/**
 * One poll as a promise. A batch is acknowledged as soon as it is given to the caller: the caller has it then, whatever
 * the caller does with it.
 *
 * @param signal cancels the poll; the promise then rejects with the signal's reason
 */
export async function pollForBatch(
  startPoll: (receiver: PollReceiver) => Cancellable,
  signal: AbortSignal | undefined,
): Promise<Batch> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    let poll: Cancellable | undefined;
    const abort = () => {
      poll?.cancel();
      reject(signal?.reason);
    };
    const settle = () => signal?.removeEventListener('abort', abort);
    // Before the poll starts: it may be answered at once, and the listener must be gone then.
    signal?.addEventListener('abort', abort, { once: true });
    poll = startPoll({
      deliver: (batch, acknowledge) => {
        settle();
        acknowledge?.();
        resolve(batch);
      },
      fail: (error) => {
        settle();
        reject(error);
      },
    });
  });
}
