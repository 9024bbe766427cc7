import type { TransactionQueue } from '../transactions/transaction-queue.js';
import type { NodeTables } from './node-tables.js';
import { deliver, type NoticeListener } from './notice.js';
import { beatPause, OtherNodes } from './other-nodes.js';
import type { Outbox } from './outbox.js';
import type { SharedClock } from './shared-clock.js';

/** Maximum number of rows of the inbox read at the same time. */
const readStep = 20;

/**
 * This process as one of the nodes that share the database. It shows that it lives, reads its inbox, and deletes the
 * rows of nodes whose beat has stopped.
 */
export class Node {
  readonly #name: string;
  readonly #tables: NodeTables;
  readonly #outbox: Outbox;
  readonly #queue: TransactionQueue;
  readonly #clock: SharedClock;
  readonly #listener: NoticeListener;
  readonly #begin: () => void;
  readonly #others = new OtherNodes();
  #beat: NodeJS.Timeout | undefined;
  #hasJoined = false;
  #wasGivenUp = false;
  /** Number of the latest inbox row that was delivered, and of the latest that was deleted after its delivery. */
  #delivered = 0;
  #deleted = 0;

  /**
   * @param begin called in the transaction in which the node joins, or joins again after it was given up. The last node
   * that leaves removes the mark that `begin` makes in the file
   */
  constructor(
    name: string,
    tables: NodeTables,
    outbox: Outbox,
    queue: TransactionQueue,
    clock: SharedClock,
    listener: NoticeListener,
    begin: () => void,
  ) {
    this.#name = name;
    this.#tables = tables;
    this.#outbox = outbox;
    this.#queue = queue;
    this.#clock = clock;
    this.#listener = listener;
    this.#begin = begin;
  }

  /** @throws SessionError `STORE_UNAVAILABLE` */
  async join(): Promise<void> {
    await this.#queue.run('contact', () => {
      this.#clock.join(this.#tables);
      this.attend();
    });
    this.#hasJoined = true;
    this.#beat = setInterval(() => void this.#attendAgain(), beatPause).unref();
  }

  /**
   * Shows that this node lives, and deletes the rows of nodes whose beat has stopped. Needs a transaction that writes.
   */
  attend(): void {
    if (!this.#tables.has(this.#name)) {
      this.#wasGivenUp = this.#hasJoined;
      this.#begin();
    }
    this.#tables.attend(this.#name, this.#outbox.watches);
    if (this.#hasJoined) this.#clock.note(this.#tables);
    for (const gone of this.#others.observe(this.#tables.beats(), performance.now())) {
      if (gone !== this.#name) this.#tables.forget(gone);
    }
  }

  /**
   * Whether this node immediately tries to get a lock that may have become free. All nodes notice that at the same
   * time, so chance decides which of them try: one on average.
   */
  get mayTryFirst(): boolean {
    return Math.random() * (this.#others.count - 1) < 1;
  }

  /** Called after each commit. If other nodes had given this node up, it has missed notices. */
  committed(): void {
    if (!this.#wasGivenUp) return;
    this.#wasGivenUp = false;
    this.#listener.missed();
  }

  /** Called after each transaction that was rolled back. */
  rolledBack(): void {
    this.#wasGivenUp = false;
  }

  /** @param last called in the same transaction if no other node is left */
  async leave(last: () => void): Promise<void> {
    clearInterval(this.#beat);
    await this.#queue
      .run('contact', () => {
        this.#tables.leave(this.#name);
        if (this.#tables.beats().length === 0) last();
      })
      .catch(() => {
        // Other nodes will notice that the beat of this node has stopped.
      });
  }

  /** Sets whether this node is notified of session changes. Resolves once it will be notified of every later change. */
  async watch(watches: boolean): Promise<void> {
    await this.#queue.run('contact', () => {
      this.#outbox.watches = watches;
      this.attend();
    });
  }

  /** Delivers the notices that are new in the inbox. */
  readInbox(): void {
    for (;;) {
      const rows = this.#tables.noticesAfter(this.#name, this.#delivered, readStep);
      for (const [number, notices] of rows) {
        this.#delivered = number;
        if (notices === undefined) this.#listener.missed();
        else for (const notice of notices) deliver(notice, this.#listener);
      }
      if (rows.length < readStep) return;
    }
  }

  /** Deletes the delivered rows of the inbox. Called within a transaction that writes anyway. */
  clearInbox(): void {
    if (this.#deleted === this.#delivered) return;
    this.#tables.deleteNoticesUntil(this.#name, this.#delivered);
    this.#deleted = this.#delivered;
  }

  async #attendAgain(): Promise<void> {
    try {
      await this.#queue.run('contact', () => this.attend());
    } catch {
      // Calls of the store report the fault to their callers. The next beat tries again.
    }
  }
}
