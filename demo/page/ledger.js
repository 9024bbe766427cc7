// Counts the messages of one mailbox. The four sources are independent of one another: the answers to the sender's pushes, the
// messages and the `lost` notices that the device received, and the number of messages in the mailbox according to the server.

export class Ledger {
  /** Pushes that this mailbox accepted according to the answer. */
  answered = 0;
  /** The newest offset that arrived. The mailbox numbers its messages 1, 2, 3, … */
  newest = 0;
  /** Messages that the device received, each counted once. */
  delivered = 0;
  /** Messages that the server reported to the device as lost. */
  told = 0;
  resets = 0;
  /** Messages in the mailbox according to the server. */
  waiting = 0;
  /** Whether `waiting` is current: no other count has changed since the server was asked. */
  isCounted = true;
  /** The last offset before the latest reset. `undefined` until the first message after the reset. */
  base = 0;
  /** Changes with every count. */
  version = 0;

  constructor(saved = {}) {
    Object.assign(this, saved);
  }

  /** The larger of two lower bounds: pushes from elsewhere have no answer here, and dropped messages do not arrive. */
  get sent() {
    return Math.max(this.answered, this.newest);
  }

  /** Messages that were sent, but are neither delivered nor waiting: the bound of the mailbox dropped them. */
  get lost() {
    return Math.max(0, this.sent - this.delivered - this.waiting);
  }

  /** Whether all dropped messages were reported. The server reports them with the next batch. */
  get addsUp() {
    return this.lost === this.told;
  }

  /** Messages that should be waiting according to the other counts; shown until the server is asked again. */
  get expected() {
    return Math.max(0, this.sent - this.delivered - this.told);
  }

  accepted(count) {
    this.answered += count;
    this.#changed();
  }

  arrived(offset) {
    this.base ??= offset - 1;
    this.newest = Math.max(this.newest, offset - this.base);
    this.delivered += 1;
    this.#changed();
  }

  wasTold(count) {
    this.told += count;
    this.#changed();
  }

  /** Starts again after a reset: the messages before it can't be counted any more. */
  wasReset() {
    this.resets += 1;
    this.answered = this.newest = this.delivered = this.told = 0;
    this.base = undefined;
    this.#changed();
  }

  /** @param version of this ledger when the server was asked */
  counted(waiting, version) {
    if (version !== this.version) return;
    this.waiting = waiting;
    this.isCounted = true;
  }

  #changed() {
    this.version += 1;
    this.isCounted = false;
  }
}
