/** One consumer of a mailbox: its position, and the node for which it is parked. Times are in milliseconds. */
export class Reader {
  readonly name: string;
  /** The reader has received everything up to this offset. */
  cursor: number;
  /** The time of its last poll, or of the end of its last hold. */
  lastPoll: number;
  /**
   * When the parking ends although the node did not release the reader; 0 while it is not parked. Infinity in a store of
   * a single node, where only that node ends it.
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

  /** A parked reader has everything, and never counts as silent. */
  get parked(): boolean {
    return this.parkedUntil !== 0;
  }
}
