import type { SessionContext } from '../context/session-context.js';
import { invalidArgument } from '../errors/session-error.js';
import { type Cursor, parseCursor } from '../mailbox/cursor.js';
import { type OptionNames, requireOptions, requireWholeNumber } from '../validation/argument-rules.js';
import type { Batch } from './batch.js';

const readerPattern = /^[A-Za-z0-9_.-]{1,64}$/;
export const defaultReader = 'default';

/** Options of a poll. Every field is optional. */
export interface PollOptions {
  /**
   * The `cursor` of the last batch; `''` for the oldest message retained. Without it the poll drains: the mailbox keeps
   * the reader's position, and removes messages once they were handed over.
   */
  readonly after?: string;
  /**
   * Time for which to hold the poll when there is nothing to deliver, in milliseconds. Default and maximum: `pollTime`.
   */
  readonly wait?: number;
  /** Maximum number of messages to return. Default and maximum: `msgMaxLength`. */
  readonly limit?: number;
  /** The name of the reader that polls. Default: `default`. */
  readonly reader?: string;
}

/** The validated arguments of a poll. */
export interface PollRequest {
  readonly reader: string;
  readonly after: Cursor | '' | undefined;
  readonly limit: number;
  /** Time for which a poll is held, if this node holds polls, and for which a stream is parked at a time, in milliseconds. */
  readonly wait: number;
  /** Whether the waiter stays after a batch. */
  readonly streams: boolean;
  /** Whether a message counts as acknowledged once it was handed over. */
  readonly drains: boolean;
}

/** Credential with which a poll was opened. If both fields are `undefined`, the calling code vouches for the poll. */
export interface PollCredential {
  /** Hash of the secret, which the first read checks. */
  readonly secretHash: string | undefined;
  /** Generation of the session, if the token was proved before the poll. */
  readonly generation: number | undefined;
}

/** An accepted poll or stream. An object, because a separate function for each poll takes 100 bytes more. */
export interface Cancellable {
  /** Ends the poll or stream without an answer. Call it when the client hangs up. No message is lost. */
  cancel(): void;
}

/** Receives the answer to one poll by a single call of `deliver` or `fail`. */
export interface PollReceiver {
  /**
   * Receives the answer.
   * @param acknowledge given when the poll drains: call it once the client has the batch. It removes the messages.
   */
  deliver(batch: Batch, acknowledge: (() => void) | undefined): void;
  /** The poll ended without an answer, for example because of an error of the store. */
  fail(error: unknown): void;
  /** Calls `listener` once the answer was written out or its client hung up. Optional if sending takes no time. */
  onceClosed?(listener: () => void): void;
  /** Only for streams; see `StreamReceiver`. */
  beat?(): void;
}

/** `SessionManager.poll` also takes a signal, and passes its options on. */
const optionNames: OptionNames<PollOptions & { readonly signal?: AbortSignal }> = {
  after: true,
  wait: true,
  limit: true,
  reader: true,
  signal: true,
};

/** @throws SessionError `INVALID_ARGUMENT` */
export function requirePollRequest(options: PollOptions, context: SessionContext): PollRequest {
  const { after, wait, limit, reader } = requireOptions(options, optionNames);
  const max = Number.MAX_SAFE_INTEGER;
  const asked = wait === undefined ? max : requireWholeNumber('wait', wait, 0, max);
  return {
    reader: reader === undefined ? defaultReader : requireReader(reader),
    after: after === undefined || after === '' ? after : parseCursor(after),
    limit: Math.min(limit === undefined ? max : requireWholeNumber('limit', limit, 1, max), context.msgMaxLength),
    // Where no poll is held, the room must know whether the client asked for a wait: it tells such a client when to retry.
    wait: context.pollTime === 0 ? asked : Math.min(asked, context.pollTime),
    streams: false,
    drains: after === undefined,
  };
}

export function requireReader(value: unknown): string {
  if (typeof value === 'string' && readerPattern.test(value)) return value;
  throw invalidArgument('reader', `must match ${readerPattern.source}`, value);
}
