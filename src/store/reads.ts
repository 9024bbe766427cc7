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
   * Set by a stream that goes on from its last batch: the read begins at `after`, but does not move the reader there,
   * because its client has not acknowledged the batch yet. An unknown reader prevents the removal of all retained
   * messages. If another node has read for the reader since, the read does nothing, and reports `superseded`.
   */
  readonly goesOn?: true;
  /** Maximum number of messages to return. */
  readonly limit: number;
  /** Time for which to park the reader if there is nothing to deliver, in milliseconds; 0 to not park it. */
  readonly wait: number;
  /** If given, the read is refused unless this is the hash of the session's secret. */
  readonly secretHash: string | undefined;
  /**
   * If given, the read is refused with `SESSION_CLOSED` (`rotated`) when the session has a newer generation: the token
   * with which the poll was opened was replaced since.
   */
  readonly generation: number | undefined;
  /** Identifies this read among all reads of the node. `StoreListener.superseded` repeats it. */
  readonly ticket: number;
}

/** Result of a read, and its effect on the reader. */
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
  /** Number of messages between the cursor sent and `offset` that were dropped and can't be delivered any more. */
  readonly lost: number;
  /**
   * Whether the read began at the oldest message retained, because the cursor sent has another epoch than the mailbox,
   * is beyond its tail, or has a proof that does not fit or can't be checked any more.
   */
  readonly reset: boolean;
  /** There was nothing to deliver, and the reader is parked now: the listener is notified of the next append. */
  readonly parked: boolean;
  readonly cameOnline: boolean;
  /** Set for a stream that goes on if another node has read for its reader since. Nothing was read. */
  readonly superseded?: true;
  /** The reader evicted to make room for this one (`maxReader`). */
  readonly droppedReader: string | undefined;
}
