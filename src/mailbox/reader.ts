/** One consumer of a mailbox: its position, and the node for which it is parked. Times are in milliseconds. */
export class Reader {
  readonly name: string;
  /** The reader has received everything up to this offset. */
  cursor: number;
  /** The proof of `cursor`; see `Cursor.proof`. */
  proof: number;
  /** The offset of the latest cursor that the reader was given. Its next poll acknowledges this cursor. */
  given: number;
  /** The proof of `given`. */
  givenProof: number;
  /** The time of its last poll, or of the end of its last hold. */
  lastPoll: number;
  /**
   * Time at which the park ends even if the node does not release the reader; 0 while the reader is not parked.
   * Infinity in a store of a single node, where only that node ends the park.
   */
  parkedUntil = 0;
  /** The node that last read for the reader. */
  node = '';
  /** The read of `node` that parked the reader. */
  ticket = 0;

  constructor(name: string, cursor: number, proof: number, lastPoll: number) {
    this.name = name;
    this.cursor = cursor;
    this.proof = proof;
    this.given = cursor;
    this.givenProof = proof;
    this.lastPoll = lastPoll;
  }

  moveTo(offset: number, proof: number): void {
    this.cursor = offset;
    this.proof = proof;
  }

  give(offset: number, proof: number): void {
    this.given = offset;
    this.givenProof = proof;
  }

  /**
   * Whether `given` or `cursor`, the latest two places of the reader, has this proof and is at this offset or beyond.
   */
  proves(offset: number, proof: number): boolean {
    return (offset <= this.given && proof === this.givenProof) || (offset <= this.cursor && proof === this.proof);
  }

  /** A parked reader was given everything, and never counts as silent. Only a stream is parked ahead of its cursor. */
  get parked(): boolean {
    return this.parkedUntil !== 0;
  }
}

/**
 * Returns the highest offset up to which every live reader has received what the mailbox retains; 0 when no reader is
 * live. A parked stream has received more than it has acknowledged: everything that it was given before it was parked.
 */
export function givenToAll(readers: readonly Reader[], now: number, readerGrace: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const reader of readers) {
    if (reader.parked) lowest = Math.min(lowest, reader.given);
    else if (now - reader.lastPoll < readerGrace) lowest = Math.min(lowest, reader.cursor);
  }
  return Number.isFinite(lowest) ? lowest : 0;
}

/**
 * Evicts the longest silent reader. Parked readers are not silent: a parked reader is evicted only when all are parked.
 */
export function evictMostSilent(readers: Reader[]): Reader | undefined {
  let mostSilent: Reader | undefined;
  for (const reader of readers) {
    if (mostSilent === undefined || isMoreSilent(reader, mostSilent)) mostSilent = reader;
  }
  if (mostSilent !== undefined) readers.splice(readers.indexOf(mostSilent), 1);
  return mostSilent;
}

function isMoreSilent(reader: Reader, other: Reader): boolean {
  return reader.parked === other.parked ? reader.lastPoll < other.lastPoll : other.parked;
}
