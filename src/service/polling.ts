import type { Batch } from '../delivery/batch.js';
import type { Cancellable, PollReceiver } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';

/**
 * Polls once and returns a promise. A batch is acknowledged as soon as it is given to the caller, whatever the caller
 * does with it. Not an async function, which would add a second promise to each held poll.
 *
 * @param signal cancels the poll; the promise then rejects with the signal's reason
 */
export function pollForBatch(
  startPoll: (receiver: PollReceiver) => Cancellable,
  signal: AbortSignal | undefined,
): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const receiver = new PromiseReceiver(resolve, reject);
    if (signal === undefined) startPoll(receiver);
    else pollUntilAborted(startPoll, receiver, requireSignal(signal));
  });
}

/** Settles the promise of a poll. An object, because a function for each way to settle takes twice the memory. */
class PromiseReceiver implements PollReceiver {
  readonly #resolve: (batch: Batch) => void;
  readonly #reject: (error: unknown) => void;

  constructor(resolve: (batch: Batch) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    acknowledge?.();
    this.#resolve(batch);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

function pollUntilAborted(
  startPoll: (receiver: PollReceiver) => Cancellable,
  receiver: PollReceiver,
  signal: AbortSignal,
): void {
  signal.throwIfAborted();
  let poll: Cancellable | undefined;
  const abort = () => {
    poll?.cancel();
    receiver.fail(signal.reason);
  };
  const settle = () => signal.removeEventListener('abort', abort);
  // Add the listener before the poll starts: a poll that is answered immediately must be able to remove it.
  signal.addEventListener('abort', abort, { once: true });
  poll = startPoll({
    deliver: (batch, acknowledge) => {
      settle();
      receiver.deliver(batch, acknowledge);
    },
    fail: (error) => {
      settle();
      receiver.fail(error);
    },
  });
}

/** @throws SessionError `INVALID_ARGUMENT` unless it is an AbortSignal, possibly of another realm */
function requireSignal(signal: AbortSignal): AbortSignal {
  if (typeof signal?.throwIfAborted === 'function' && typeof signal.addEventListener === 'function') return signal;
  throw invalidArgument('signal', 'must be an AbortSignal', signal);
}
