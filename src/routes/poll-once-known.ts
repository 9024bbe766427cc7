import type { Cancellable, PollOptions, PollReceiver } from '../delivery/poll-request.js';
import type { PolledApp } from './polled-app.js';

/**
 * Calls `pollAsBearer` once a token that is still being looked up is known. A failed look-up fails the poll. If it is
 * cancelled before the token is known, no poll starts.
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
 * Calls `start` once a look-up, such as of a token, has succeeded.
 * @param receiver receives the error of a failed look-up
 * @returns if it is cancelled before the look-up has succeeded, `start` is not called
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
