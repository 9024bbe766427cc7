import type { CloseReason } from '../../errors/close-reason.js';
import type { Message } from '../../mailbox/message.js';
import type { SessionChange } from '../change-feed.js';

/**
 * Receives the notices of the engine. The engine calls these methods within a step, each after the change that it
 * reports. A store over a database keeps the notices until the transaction of the step is committed (notices for other
 * nodes as rows of the transaction) and drops them when it is rolled back. A store in memory passes them on at once.
 *
 * All methods except `sessionChanged` have the meaning of the method of `StoreListener` with the same name, for the
 * listener of one node. A node that has ended needs no notice.
 */
export interface Notices {
  appended(node: string, app: string, id: string, epoch: string, message: Message, before: number): void;
  changed(node: string, app: string, id: string): void;
  closed(node: string, app: string, id: string, reason: CloseReason): void;
  rotated(node: string, app: string, id: string, generation: number): void;
  superseded(node: string, app: string, id: string, reader: string, ticket: number): void;
  /** Notifies the `ChangeWatcher`s of all nodes. Without a `change` the session was patched. */
  sessionChanged(app: string, id: string, change?: SessionChange): void;
}
