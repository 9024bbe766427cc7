import type { SessionContext } from '../context/session-context.js';
import { invalidArgument } from '../errors/session-error.js';
import { type Cursor, parseCursor } from '../mailbox/cursor.js';
import { requireWholeNumber } from '../validation/argument-rules.js';
import type { Batch } from './batch.js';

const readerPattern = /^[A-Za-z0-9_.-]{1,64}$/;
export const defaultReader = 'default';

/** How to poll. Every field is optional. */
export interface PollOptions {
  /**
   * The `cursor` of the last batch; `''` for the oldest message retained. Without it the poll drains: the mailbox keeps
   * the reader's position, and removes messages once they were handed over.
   */
  readonly after?: string;
  /** How long to hold the poll when there is nothing to deliver, in milliseconds. Default and maximum: `pollTime`. */
  readonly wait?: number;
  /** The most messages to return. Default and maximum: `msgMaxLength`. */
  readonly limit?: number;
  /** The name of the reader that polls. Default: `default`. */
  readonly reader?: string;
}

/** The validated arguments of a poll. */
export interface PollRequest {
  readonly reader: string;
  readonly after: Cursor | '' | undefined;
  readonly limit: number;
  /** How long a poll is held, and how long a stream is parked at a time. */
  readonly wait: number;
  /** Whether the waiter stays after a batch. */
  readonly streams: boolean;
  /** Whether a message counts as acknowledged when it was handed over. */
  readonly drains: boolean;
}

/** What a poll was opened with. Without either, its caller vouches for it. */
export interface PollCredential {
  /** The hash of the secret, which the first read proves. */
  readonly secretHash: string | undefined;
  /** The session's generation when its token was proved before. */
  readonly generation: number | undefined;
}

/** A poll or stream that was taken up. An object, because a function for each that is held takes 100 bytes more. */
export interface Cancellable {
  /** Ends it without an answer; to be called when the client hangs up. No message is lost. */
  cancel(): void;
}

/** Receives the answer to one poll: one call of `deliver` or `fail`. */
export interface PollReceiver {
  /**
   * The answer.
   * @param acknowledge given when the poll drains: call it once the client has the batch. Removes its messages.
   */
  deliver(batch: Batch, acknowledge: (() => void) | undefined): void;
  /** The poll ended without an answer, such as by an error of the store. */
  fail(error: unknown): void;
  /** Calls `listener` once the answer was written out, or its client is gone. Left out where an answer takes no time to send. */
  onceClosed?(listener: () => void): void;
  /** For streams alone; see `StreamReceiver`. */
  beat?(): void;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requirePollRequest(options: PollOptions, context: SessionContext): PollRequest {
  const { after, wait, limit, reader } = options;
  const max = Number.MAX_SAFE_INTEGER;
  return {
    reader: reader === undefined ? defaultReader : requireReader(reader),
    after: after === undefined || after === '' ? after : parseCursor(after),
    limit: Math.min(limit === undefined ? max : requireWholeNumber('limit', limit, 1, max), context.msgMaxLength),
    wait: Math.min(wait === undefined ? max : requireWholeNumber('wait', wait, 0, max), context.pollTime),
    streams: false,
    drains: after === undefined,
  };
}

export function requireReader(value: unknown): string {
  if (typeof value === 'string' && readerPattern.test(value)) return value;
  throw invalidArgument('reader', `must match ${readerPattern.source}`, value);
}
