import type { CloseReason } from '../../../errors/close-reason.js';
import type { Message } from '../../../mailbox/message.js';
import { patched, type SessionChange } from '../../../store/change-feed.js';
import type { Notices } from '../../../store/engine/notices.js';
import type { NodeTables } from './node-tables.js';
import { appendedNotice, deliver, type Notice, type NoticeListener } from './notice.js';

/**
 * The notices of one transaction. Notices for this node are kept in memory until the commit. Notices for another node
 * are written to its inbox in the transaction, all of them in one row, because a row costs more than a notice.
 */
export class Outbox implements Notices {
  readonly #node: string;
  readonly #tables: NodeTables;
  /** Whether this node has watchers of changes. */
  watches = false;
  #own: Notice[] = [];
  readonly #others = new Map<string, Notice[]>();
  /** The nodes with watchers of changes, as this transaction looked them up; `undefined` until it needs them. */
  #watching: readonly string[] | undefined;

  constructor(node: string, tables: NodeTables) {
    this.#node = node;
    this.#tables = tables;
  }

  appended(node: string, app: string, id: string, epoch: string, message: Message, before: number): void {
    this.#tell(node, appendedNotice(app, id, epoch, message, before));
  }

  changed(node: string, app: string, id: string): void {
    this.#tell(node, ['changed', app, id]);
  }

  closed(node: string, app: string, id: string, reason: CloseReason): void {
    this.#tell(node, ['closed', app, id, reason]);
  }

  rotated(node: string, app: string, id: string, generation: number): void {
    this.#tell(node, ['rotated', app, id, generation]);
  }

  superseded(node: string, app: string, id: string, reader: string, ticket: number): void {
    this.#tell(node, ['superseded', app, id, reader, ticket]);
  }

  sessionChanged(app: string, id: string, change: SessionChange = patched): void {
    const notice: Notice = ['sessionChanged', app, id, change];
    if (this.watches) this.#own.push(notice);
    this.#watching ??= this.#tables.watchingNodes();
    for (const node of this.#watching) if (node !== this.#node) this.#tell(node, notice);
  }

  /** Called before the commit: writes the notices for other nodes. */
  finish(): void {
    if (this.#others.size === 0) return;
    let number = this.#tables.latestNumber();
    for (const [node, notices] of this.#others) {
      // A node that left or was given up has no inbox any more. A node given up by mistake reads everything again.
      if (!this.#tables.has(node)) continue;
      number += 1;
      this.#tables.addNotices(node, number, notices);
    }
    this.#tables.setLatestNumber(number);
  }

  /** Called after the commit: notifies the listener of this process. */
  deliver(listener: NoticeListener): void {
    const notices = this.#own;
    this.discard();
    for (const notice of notices) deliver(notice, listener);
  }

  /** Called after a rollback, or after a transaction that left no notices. */
  discard(): void {
    if (this.#own.length > 0) this.#own = [];
    if (this.#others.size > 0) this.#others.clear();
    this.#watching = undefined;
  }

  #tell(node: string, notice: Notice): void {
    if (node === this.#node) {
      this.#own.push(notice);
      return;
    }
    const notices = this.#others.get(node);
    if (notices === undefined) this.#others.set(node, [notice]);
    else notices.push(notice);
  }
}
