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
   * The last batch's `cursor`; `''` for the oldest message retained. Without it the poll drains: the mailbox keeps
   * the reader's place, and what was handed over is not given again.
   */
  readonly after?: string;
  /** How long to hold the poll when there is nothing to say, in milliseconds. Default and most: `pollTime`. */
  readonly wait?: number;
  /** Messages to take at most. Default and most: `msgMaxLength`. */
  readonly limit?: number;
  /** Which of the session's consumers polls. Default: `default`. */
  readonly reader?: string;
}

/** A poll whose arguments are known to be sound. */
export interface PollRequest {
  readonly reader: string;
  readonly after: Cursor | '' | undefined;
  readonly limit: number;
  readonly wait: number;
}

/** Whoever waits for the answer to one poll. Exactly one of the two is called, once. */
export interface PollReceiver {
  /** @param acknowledge given when the poll drains: to be called once the batch has been handed over for good */
  deliver(batch: Batch, acknowledge: (() => void) | undefined): void;
  fail(error: unknown): void;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requirePollRequest(options: PollOptions, context: SessionContext): PollRequest {
  const { after, wait, limit, reader } = options;
  const most = Number.MAX_SAFE_INTEGER;
  return {
    reader: reader === undefined ? defaultReader : requireReader(reader),
    after: after === undefined || after === '' ? after : parseCursor(after),
    limit: Math.min(limit === undefined ? most : requireWholeNumber('limit', limit, 1, most), context.msgMaxLength),
    wait: Math.min(wait === undefined ? most : requireWholeNumber('wait', wait, 0, most), context.pollTime),
  };
}

export function requireReader(value: unknown): string {
  if (typeof value === 'string' && readerPattern.test(value)) return value;
  throw invalidArgument('reader', `must match ${readerPattern.source}`, value);
}
