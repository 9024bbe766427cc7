import type { CloseReason } from '../../../errors/close-reason.js';
import type { Message } from '../../../mailbox/message.js';
import { patched, type SessionChange } from '../../../store/change-feed.js';
import type { Notices } from '../../../store/engine/notices.js';
import type { NodeTables } from './node-tables.js';
import { appendedNotice, deliver, type Notice, type NoticeListener } from './notice.js';

/**
 * The notices of one transaction: those for this node are kept until it is committed, those for others are rows of it.
 */
export class Outbox implements Notices {
  readonly #node: string;
  readonly #tables: NodeTables;
  /** Whether this node has watchers of changes. */
  watches = false;
  #own: Notice[] = [];
  /** What this transaction has looked up; `undefined` until it needed it. */
  #number: number | undefined;
  #watching: readonly string[] | undefined;
  readonly #known = new Map<string, boolean>();

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

  /** Called before the commit. */
  finish(): void {
    if (this.#number !== undefined) this.#tables.setLatestNumber(this.#number);
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
    this.#number = undefined;
    this.#watching = undefined;
    this.#known.clear();
  }

  #tell(node: string, notice: Notice): void {
    if (node === this.#node) {
      this.#own.push(notice);
      return;
    }
    let isKnown = this.#known.get(node);
    if (isKnown === undefined) {
      isKnown = this.#tables.has(node);
      this.#known.set(node, isKnown);
    }
    // A node that is gone has no inbox any more; one that was given up by mistake reads everything again.
    if (!isKnown) return;
    this.#number = (this.#number ?? this.#tables.latestNumber()) + 1;
    this.#tables.addNotice(node, this.#number, notice);
  }
}
