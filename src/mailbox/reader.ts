/** One consumer of a mailbox: how far it has come, and for which node it is parked. Times are in milliseconds. */
export class Reader {
  readonly name: string;
  /** The reader has every message up to this offset. */
  cursor: number;
  lastPoll: number;
  /**
   * When the park ends though its node did not release the reader; 0 while it is not parked. Infinity where a single
   * node uses the store: only the node itself ends the park then.
   */
  parkedUntil = 0;
  /** The node that parked the reader last. */
  node = '';
  /** The read of that node that parked it. */
  ticket = 0;

  constructor(name: string, cursor: number, lastPoll: number) {
    this.name = name;
    this.cursor = cursor;
    this.lastPoll = lastPoll;
  }

  /** A parked reader waits at the tail and never counts as silent. */
  get parked(): boolean {
    return this.parkedUntil !== 0;
  }
}
