import type { Cancellable, PollOptions, PollReceiver } from '../delivery/poll-request.js';
import type { PolledApp } from './polled-app.js';

/**
 * `pollAsBearer` with a token that is still being looked up. A failed look-up fails the poll.
 * Cancelled before the token is known, no poll starts.
 */
export function pollOnceKnown(
  app: Pick<PolledApp, 'pollAsBearer'>,
  token: Promise<string>,
  options: PollOptions,
  receiver: PollReceiver,
): Cancellable {
  return onceKnown(token, (known) => app.pollAsBearer(known, options, receiver), receiver);
}

/**
 * Starts what needs something, such as a token, that is still being looked up.
 * @param receiver is told when the look-up fails
 * @returns cancelled before the look-up has succeeded, nothing starts
 */
export function onceKnown<Known>(
  lookUp: Promise<Known>,
  start: (known: Known) => Cancellable,
  receiver: Pick<PollReceiver, 'fail'>,
): Cancellable {
  let isCancelled = false;
  let started: Cancellable | undefined;
  lookUp.then(
    (known) => {
      if (!isCancelled) started = start(known);
    },
    (error) => receiver.fail(error),
  );
  return {
    cancel() {
      isCancelled = true;
      started?.cancel();
    },
  };
}
