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
  let isCancelled = false;
  let cancel = () => {
    isCancelled = true;
  };
  token.then(
    (known) => {
      if (!isCancelled) cancel = app.pollAsBearer(known, options, receiver);
    },
    (error) => receiver.fail(error),
  );
  return () => cancel();
}
