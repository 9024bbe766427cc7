import type { SessionContext } from '../context/session-context.js';
import { invalidArgument } from '../errors/session-error.js';
import { parseCursor } from '../mailbox/cursor.js';
import { newId } from '../store/session-token.js';
import { type OptionNames, requireOptions } from '../validation/argument-rules.js';
import { type PollReceiver, type PollRequest, requireReader } from './poll-request.js';

/**
 * Longest time between two heartbeats, in milliseconds. Clients do not know `pollTime`: the clients of this package consider
 * a stream dead that is silent for 70 s.
 */
const longestSilence = 60_000;

/** Options of a stream. Every field is optional. */
export interface StreamOptions {
  /**
   * The last cursor that the client has; `''` for the oldest message retained. Without it the stream begins after the
   * last message that its reader has acknowledged.
   */
  readonly after?: string;
  /** The name of the reader. Default: a random name, so that the stream is a separate reader. */
  readonly reader?: string;
  /**
   * `sent`: a message is removed once it was written out. Default: it is removed once the client has acknowledged it.
   */
  readonly ack?: 'sent';
}

/**
 * Receives the batches of one stream. The first batch arrives as soon as the mailbox was read, perhaps without
 * messages. The last batch has `superseded`, `retry` or `closed`. Instead of a last batch, a call of `fail` may end the
 * stream, even before the first batch.
 */
export interface StreamReceiver extends PollReceiver {
  /** Called when nothing was delivered for the time of one hold, at most a minute. The receiver then sends a heartbeat. */
  beat(): void;
}

const optionNames: OptionNames<StreamOptions> = { after: true, reader: true, ack: true };

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireStreamRequest(options: StreamOptions, context: SessionContext): PollRequest {
  const { after, reader, ack } = requireOptions(options, optionNames);
  if (ack !== undefined && ack !== 'sent') throw invalidArgument('ack', 'must be "sent"', ack);
  return {
    reader: reader === undefined ? newId('') : requireReader(reader),
    after: after === undefined || after === '' ? after : parseCursor(after),
    limit: context.msgMaxLength,
    // A stream is held even if `pollTime` is 0 and polls are not held.
    wait: Math.min(Math.max(context.pollTime, context.hbTime), longestSilence),
    streams: true,
    drains: ack === 'sent',
  };
}
