import type { SessionContext } from '../context/session-context.js';
import { invalidArgument } from '../errors/session-error.js';
import { parseCursor } from '../mailbox/cursor.js';
import { newId } from '../store/session-token.js';
import { type PollReceiver, type PollRequest, requireReader } from './poll-request.js';

/** How to open a stream. Every field is optional. */
export interface StreamOptions {
  /**
   * The last cursor that the client has; `''` for the oldest message retained. Without it the stream begins behind what
   * its reader has acknowledged.
   */
  readonly after?: string;
  /** The name of the reader. Default: a random one, so that the stream is a reader of its own. */
  readonly reader?: string;
  /** `sent`: a message is removed once it was written out. Default: once the client has acknowledged it. */
  readonly ack?: 'sent';
}

/**
 * Receives the batches of one stream. The first comes as soon as the mailbox was read, perhaps without messages. The last
 * one has `superseded`, `retry` or `closed`; or the stream ends with a call of `fail`, perhaps the only one.
 */
export interface StreamReceiver extends PollReceiver {
  /** Called when nothing was delivered for `pollTime`: time for a heartbeat. */
  beat(): void;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireStreamRequest({ after, reader, ack }: StreamOptions, context: SessionContext): PollRequest {
  if (ack !== undefined && ack !== 'sent') throw invalidArgument('ack', 'must be "sent"', ack);
  return {
    reader: reader === undefined ? newId('') : requireReader(reader),
    after: after === undefined || after === '' ? after : parseCursor(after),
    limit: context.msgMaxLength,
    // A stream is held also where polls are not.
    wait: Math.max(context.pollTime, context.hbTime),
    streams: true,
    drains: ack === 'sent',
  };
}
