import { HeldResponse } from '../requests/held-response.js';
import { HeldStream } from '../requests/held-stream.js';
import type { RawResponse } from '../requests/raw-response.js';
import type { AcceptedStream } from './event-route.js';
import type { AcceptedPoll } from './poll-route.js';

/**
 * Answers a poll on a response object of Node, immediately or later. Never throws.
 * @param accept accepts the poll; if it throws, the response is the error
 */
export function holdPoll(raw: RawResponse, accept: () => AcceptedPoll): void {
  const response = new HeldResponse(raw);
  try {
    const held = accept().start(response);
    response.onceClosed(() => held.cancel());
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
    const held = accept().start(response);
    response.onceClosed(() => held.cancel());
  } catch (error) {
    response.fail(error);
  }
}
