// Counts what happened to the messages of one mailbox. The four sources are independent of one another: the answers to the
// sender's pushes, the messages and `lost` notices that the device got, and what the server says the mailbox holds.

export class Ledger {
  /** Pushes whose answer said that this mailbox accepted them. */
  answered = 0;
  /** The newest offset that arrived: the mailbox numbers what it accepts 1, 2, 3, … */
  newest = 0;
  /** Messages that the device got, each counted once. */
  delivered = 0;
  /** Messages that the device was told are lost. */
  told = 0;
  resets = 0;
  /** What the server said the mailbox holds. */
  waiting = 0;
  /** Whether nothing moved while the server was asked. */
  isCounted = true;
  /** Offsets before it belong to a life of the mailbox that ended with a reset. `undefined`: the next offset tells. */
  base = 0;
  /** Changes with every count. */
  version = 0;

  constructor(saved = {}) {
    Object.assign(this, saved);
  }

  /** Both are true counts from below: pushes from elsewhere have no answer here, dropped messages have no arrival. */
  get sent() {
    return Math.max(this.answered, this.newest);
  }

  /** Sent, but neither delivered nor waiting: the bound of the mailbox dropped them. */
  get lost() {
    return Math.max(0, this.sent - this.delivered - this.waiting);
  }

  /** Dropped messages are told with the next batch. */
  get addsUp() {
    return this.lost === this.told;
  }

  /** What should wait by the other counts: shown until the server is asked again. */
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

  /** Another life of the mailbox: what came before can't be counted any more. */
  wasReset() {
    this.resets += 1;
    this.answered = this.newest = this.delivered = this.told = 0;
    this.base = undefined;
    this.#changed();
  }

  /** @param version of when the server was asked */
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
