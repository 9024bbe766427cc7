import type { TransactionQueue } from '../transactions/transaction-queue.js';
import type { NodeTables } from './node-tables.js';
import { deliver, type NoticeListener } from './notice.js';
import { beatPause, OtherNodes } from './other-nodes.js';
import type { Outbox } from './outbox.js';
import type { SharedClock } from './shared-clock.js';

/** Rows of the inbox read at once. */
const readStep = 20;

/**
 * This process among those that share the database: shows that it lives, reads its inbox, and deletes the rows of nodes
 * that are gone.
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
  /** The latest row of the inbox that was delivered, and the latest that was deleted after that. */
  #delivered = 0;
  #deleted = 0;

  /**
   * @param begin called in the transaction in which the node is seen for the first time, or again after it was given up:
   * what it marks in the file, the last node that leaves takes away
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
   * Shows that this node lives, and deletes the rows of nodes that are gone. Within a transaction that writes.
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
   * Whether this node tries at once to get a lock that may have become free. All nodes see that at the same moment, so
   * that the choice is left to chance: one of them tries on the average.
   */
  get mayTryFirst(): boolean {
    return Math.random() * (this.#others.count - 1) < 1;
  }

  /** Called after each commit. A node that others gave up got no notices meanwhile. */
  committed(): void {
    if (!this.#wasGivenUp) return;
    this.#wasGivenUp = false;
    this.#listener.missed();
  }

  /** Called after each transaction that was undone. */
  rolledBack(): void {
    this.#wasGivenUp = false;
  }

  /** @param last called in the same transaction when no other node is left */
  async leave(last: () => void): Promise<void> {
    clearInterval(this.#beat);
    await this.#queue
      .run('contact', () => {
        this.#tables.leave(this.#name);
        if (this.#tables.beats().length === 0) last();
      })
      .catch(() => {
        // Other nodes will find that this one is gone.
      });
  }

  /** Whether the changes of sessions are wanted. Resolves once every later change will be notified. */
  async watch(watches: boolean): Promise<void> {
    await this.#queue.run('contact', () => {
      this.#outbox.watches = watches;
      this.attend();
    });
  }

  /** Delivers what came into the inbox since. */
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

  /** Deletes what was delivered. Called within a transaction that writes anyway. */
  clearInbox(): void {
    if (this.#deleted === this.#delivered) return;
    this.#tables.deleteNoticesUntil(this.#name, this.#delivered);
    this.#deleted = this.#delivered;
  }

  async #attendAgain(): Promise<void> {
    try {
      await this.#queue.run('contact', () => this.attend());
    } catch {
      // Those who use the store are told. The next beat tries again.
    }
  }
}
