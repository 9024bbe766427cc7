import type { CloseReason } from '../../errors/close-reason.js';
import type { Message } from '../../mailbox/message.js';
import type { SessionChange } from '../change-feed.js';

/**
 * How notices leave the engine. It calls these methods within a step, each after the change that it tells of. A store
 * over a database keeps the notices until the step's transaction is committed (those of other nodes as rows of it) and
 * drops them when it is rolled back; a store in memory passes them on at once.
 *
 * All but `sessionChanged` have the meaning of the method of `StoreListener` with that name, for the listener of one node. A
 * node that is gone needs no notice.
 */
export interface Notices {
  appended(node: string, app: string, id: string, epoch: string, message: Message, before: number): void;
  changed(node: string, app: string, id: string): void;
  closed(node: string, app: string, id: string, reason: CloseReason): void;
  rotated(node: string, app: string, id: string, generation: number): void;
  superseded(node: string, app: string, id: string, reader: string, ticket: number): void;
  /** For the `ChangeWatcher`s of all nodes. Without a `change` the session was patched. */
  sessionChanged(app: string, id: string, change?: SessionChange): void;
}
