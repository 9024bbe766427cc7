import type { ClosedNotice } from '../errors/close-reason.js';
import type { Message } from '../mailbox/message.js';

/** Answer to one poll. An optional member is present only when it applies. */
export interface Batch {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** Cursor that the client sends as `after` with its next poll. */
  readonly cursor: string;
  /** Number of messages between the client's cursor and `cursor` that were dropped and can't be delivered any more. */
  readonly lost: number;
  /** The mailbox could not verify the client's cursor. The batch starts again at the oldest message retained. */
  readonly reset?: true;
  /** A newer poll of the reader replaced this one, or the mailbox evicted the reader. The client must not poll again. */
  readonly superseded?: true;
  /** Milliseconds that the client waits before its next poll. */
  readonly retry?: number;
  /** The session has ended; or it lives on, and the client must come back (`reconnect`). */
  readonly closed?: ClosedNotice;
}
