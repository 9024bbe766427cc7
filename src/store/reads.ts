import type { Cursor } from '../mailbox/cursor.js';
import type { Message } from '../mailbox/message.js';

/** One read of a mailbox for one reader. */
export interface ReadRequest {
  readonly reader: string;
  /**
   * The cursor that the client sent; `''` for the oldest message retained; `undefined` for the position that the
   * mailbox keeps for the reader (drain).
   */
  readonly after: Cursor | '' | undefined;
  /**
   * Set by a stream that goes on from what it was given: the read begins at `after`, but does not move the reader there,
   * because its client has not acknowledged that yet. A reader that is not known keeps all messages retained. Where another
   * node has read for the reader since, the read does nothing, and says that the stream is `superseded`.
   */
  readonly goesOn?: true;
  /** The most messages to return. */
  readonly limit: number;
  /** How long to park the reader if there is nothing to deliver, in milliseconds; 0 to not park it. */
  readonly wait: number;
  /** When given, the read is refused unless it is the hash of the session's secret. */
  readonly secretHash: string | undefined;
  /**
   * When given, the read is refused with `SESSION_CLOSED` (`rotated`) if the session is of a newer generation: the token
   * with which the poll was opened was replaced since.
   */
  readonly generation: number | undefined;
  /** Identifies this read among all reads of the node. `StoreListener.superseded` repeats it. */
  readonly ticket: number;
}

/** What a read gave, and what it did to the reader. */
export interface ReadResult {
  readonly accountId: string;
  /** The session's generation at this read. */
  readonly generation: number;
  readonly epoch: string;
  /** The reader's position after these messages: the offset of its next cursor. */
  readonly offset: number;
  /** The proof of its next cursor. */
  readonly proof: number;
  readonly messages: readonly Message[];
  /** How many messages between the cursor sent and `offset` were dropped and can't be delivered any more. */
  readonly lost: number;
  /**
   * The cursor sent is not of this mailbox's epoch, is beyond its tail, or has a proof that does not fit or can't be
   * checked any more, so the read began at the oldest message retained.
   */
  readonly reset: boolean;
  /** There was nothing to deliver, and the reader is parked now: the listener is notified of the next append. */
  readonly parked: boolean;
  readonly cameOnline: boolean;
  /** Of a stream that goes on: another node has read for its reader since. Nothing was read. */
  readonly superseded?: true;
  /** The reader evicted to make room for this one (`maxReader`). */
  readonly droppedReader: string | undefined;
}
