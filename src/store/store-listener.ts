import type { CloseReason } from '../errors/close-reason.js';
import type { Message } from '../mailbox/message.js';

/**
 * Receives the notices of a store for this process. Notices arrive at any time between `open` and `close`. The methods
 * must not throw.
 */
export interface StoreListener {
  /**
   * A message was appended. All readers parked on that mailbox have been released: each of their polls must be answered
   * or read again.
   * @param before the proof of the message before this one: the notice may answer only a poll that stands exactly there
   */
  appended(app: string, id: string, epoch: string, message: Message, before: number): void;
  /** The mailbox changed in another way: all polls held for it must read again. */
  changed(app: string, id: string): void;
  /** The session ended: all polls held for it must be answered. */
  closed(app: string, id: string, reason: CloseReason): void;
  /**
   * The secret was replaced, and the session has this generation now: all polls held for an older generation must be
   * answered as `rotated`. Their readers have been released.
   */
  rotated(app: string, id: string, generation: number): void;
  /**
   * The reader that the read with this ticket parked is no longer parked for this node: another node reads for it, or
   * it was evicted for a reader of another node. A store may omit this notice for reads of this node.
   */
  superseded(app: string, id: string, reader: string, ticket: number): void;
  /** Notices may have been lost: all held polls must read again. */
  missed(): void;
}
