import { HeldResponse } from '../requests/held-response.js';
import { HeldStream } from '../requests/held-stream.js';
import type { RawResponse } from '../requests/raw-response.js';
import type { AcceptedStream } from './event-route.js';
import type { AcceptedPoll } from './poll-route.js';

/**
 * Answers a poll on a response of Node's own, at once or later. Never throws.
 * @param accept an error of it is answered
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
 * Opens a stream on a response of Node's own. Never throws.
 * @param mostUnsent bytes that may wait to be sent when more are to be
 * @param accept an error of it is answered
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
