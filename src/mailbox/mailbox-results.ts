import type { Message } from './message.js';
import type { Reader } from './reader.js';

/** Outcome of an append. */
export type AppendVerdict =
  /** The message took the next offset. */
  | 'accepted'
  /** The message took the next offset and was dropped at once. Readers count it as lost. */
  | 'dropped'
  /** The message was refused. Nothing has changed. */
  | 'full'
  /** The message was refused, and the caller must close the session. */
  | 'close';

/**
 * The result of an append. `dropped` is the number of messages that were dropped to make room, or 1 when the new message
 * itself was dropped. `message` is the new message, if the mailbox retains it.
 */
export type MailboxAppend =
  | { readonly verdict: 'accepted'; readonly dropped: number; readonly message: Message }
  | { readonly verdict: Exclude<AppendVerdict, 'accepted'>; readonly dropped: number; readonly message: undefined };

export const dropped: MailboxAppend = { verdict: 'dropped', dropped: 1, message: undefined };
export const full: MailboxAppend = { verdict: 'full', dropped: 0, message: undefined };
export const close: MailboxAppend = { verdict: 'close', dropped: 0, message: undefined };

/** Result of a read for one reader. */
export interface MailboxRead {
  readonly messages: readonly Message[];
  /** The reader's position after these messages: the offset of its next cursor. */
  readonly offset: number;
  /** The proof of the reader's next cursor. */
  readonly proof: number;
  /** Number of messages between the cursor sent and `offset` that were removed without delivery to this reader. */
  readonly lost: number;
  /**
   * The cursor sent could not be proved to belong to this mailbox, so the read began at the oldest message retained.
   */
  readonly reset: boolean;
  /** The reader evicted to make room for this one. */
  readonly droppedReader: Reader | undefined;
}

/** The bounds of a mailbox. The fields have the same meaning as in `SessionContext`. Times are in milliseconds. */
export interface MailboxBounds {
  readonly msgMaxLength: number;
  readonly mailboxMaxBytes: number;
  readonly messageTtl: number;
  readonly onOverflow: 'drop-oldest' | 'drop-newest' | 'reject' | 'close';
  readonly maxReader: number;
  readonly readerGrace: number;
}

/** Messages beyond an offset, oldest first. */
export interface MessagesBeyond {
  readonly messages: readonly Message[];
  /** Whether these are all messages retained beyond the offset. */
  readonly areRest: boolean;
}
