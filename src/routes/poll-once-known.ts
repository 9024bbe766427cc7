import type { PollOptions, PollReceiver } from '../delivery/poll-request.js';
import type { PolledApp } from './polled-app.js';

/**
 * `pollAsBearer` with a token that is still being looked up. A failed look-up fails the poll.
 * @returns cancels the poll; before the token is known, no poll starts then
 */
export function pollOnceKnown(
  app: Pick<PolledApp, 'pollAsBearer'>,
  token: Promise<string>,
  options: PollOptions,
  receiver: PollReceiver,
): () => void {
  return onceKnown(token, (known) => app.pollAsBearer(known, options, receiver), receiver);
}

/**
 * Starts what needs something, such as a token, that is still being looked up.
 * @param start returns what cancels it
 * @param receiver is told when the look-up fails
 * @returns cancels it; before the look-up has succeeded, nothing starts then
 */
export function onceKnown<Known>(
  lookUp: Promise<Known>,
  start: (known: Known) => () => void,
  receiver: Pick<PollReceiver, 'fail'>,
): () => void {
  let isCancelled = false;
  let cancel = () => {
    isCancelled = true;
  };
  lookUp.then(
    (known) => {
      if (!isCancelled) cancel = start(known);
    },
    (error) => receiver.fail(error),
  );
  return () => cancel();
}
