import type { Batch } from '../delivery/batch.js';
import type { Cancellable, PollReceiver } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';

/**
 * Polls once and returns a promise. A batch is acknowledged as soon as it is given to the caller, whatever the caller
 * does with it.
 *
 * @param signal cancels the poll; the promise then rejects with the signal's reason
 */
export async function pollForBatch(
  startPoll: (receiver: PollReceiver) => Cancellable,
  signal: AbortSignal | undefined,
): Promise<Batch> {
  if (signal !== undefined) requireSignal(signal).throwIfAborted();
  return new Promise((resolve, reject) => {
    let poll: Cancellable | undefined;
    const abort = () => {
      poll?.cancel();
      reject(signal?.reason);
    };
    const settle = () => signal?.removeEventListener('abort', abort);
    // Add the listener before the poll starts: a poll that is answered immediately must be able to remove it.
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

/** @throws SessionError `INVALID_ARGUMENT` unless it is an AbortSignal, possibly of another realm */
function requireSignal(signal: AbortSignal): AbortSignal {
  if (typeof signal?.throwIfAborted === 'function' && typeof signal.addEventListener === 'function') return signal;
  throw invalidArgument('signal', 'must be an AbortSignal', signal);
}
