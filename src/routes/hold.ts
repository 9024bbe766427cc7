import type { Cancellable } from '../delivery/poll-request.js';
import { HeldResponse } from '../requests/held-response.js';
import { HeldStream } from '../requests/held-stream.js';
import type { RawResponse } from '../requests/raw-response.js';
import type { AcceptedStream } from './event-route.js';
import type { AcceptedPoll } from './poll-route.js';

/**
 * Starts a poll or a stream, which ends when its client disconnects. Starts none if the client has disconnected already,
 * while middleware worked on its request: the client may have sent a newer poll, which this one would supersede.
 */
export function startHeld<Response extends HeldResponse | HeldStream>(
  response: Response,
  start: (response: Response) => Cancellable,
): void {
  if (response.isClosed) return;
  const held = start(response);
  response.onceClosed(() => held.cancel());
}

/**
 * Answers a poll on a response object of Node, immediately or later. Never throws.
 * @param accept accepts the poll; if it throws, the response is the error
 */
export function holdPoll(raw: RawResponse, accept: () => AcceptedPoll): void {
  const response = new HeldResponse(raw);
  try {
    const poll = accept();
    startHeld(response, (receiver) => poll.start(receiver));
  } catch (error) {
    response.fail(error);
  }
}

/**
 * Opens a stream on a response object of Node. Never throws.
 * @param mostUnsent as in `HeldStream`
 * @param accept accepts the stream; if it throws, the response is the error
 */
export function holdStream(raw: RawResponse, mostUnsent: number, accept: () => AcceptedStream): void {
  const response = new HeldStream(raw, mostUnsent);
  try {
    const stream = accept();
    startHeld(response, (receiver) => stream.start(receiver));
  } catch (error) {
    response.fail(error);
  }
}
