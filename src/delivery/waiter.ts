import { type Cursor, formatCursor } from '../mailbox/cursor.js';
import type { TransportKind } from '../measures/kinds.js';
import type { ReadResult } from '../store/session-store.js';
import type { Hold, HoldQueue } from './hold-times.js';
import type { Cancellable, PollCredential, PollReceiver, PollRequest } from './poll-request.js';

/** `WaiterStates` describes the states and the transitions between them. */
export type WaiterState = 'reading' | 'outdated' | 'superseded' | 'abandoned' | 'parked' | 'ended';

/** One poll or stream, from its arrival until its last answer or until its client hangs up. */
export class Waiter implements Hold<Waiter>, Cancellable {
  readonly app: string;
  readonly id: string;
  // Copies of the fields that are needed, not the request: thousands of polls are held.
  readonly reader: string;
  readonly limit: number;
  readonly wait: number;
  readonly streams: boolean;
  readonly drains: boolean;
  /** Position at which the first read begins. */
  after: Cursor | '' | undefined;
  readonly receiver: PollReceiver;
  readonly #onCancel: (waiter: Waiter) => void;
  /** Number of the arrival. Of two polls of one reader, the poll with the higher number is the newer one. */
  readonly arrival: number;
  /**
   * When the hold ends. For a poll that asks for no wait, this is the time of its arrival. A stream begins another hold
   * at its deadline.
   */
  deadline: number;
  /** Whether the waiter may be parked. If not, although its request asks for a wait, this node could not hold it. */
  readonly holds: boolean;
  /** Only `WaiterStates.move` changes it. */
  state: WaiterState = 'reading';
  /** The reader's position after the latest read. The epoch is empty before the first read. */
  epoch = '';
  offset = 0;
  proof = 0;
  /** The generation of the session in which the poll was opened; `undefined` until the first read has proved it. */
  generation: number | undefined;
  /** Identifies the latest read among all reads of this node. */
  readTicket = 0;
  /** Whether a stream was given its first batch. */
  isOpen = false;
  /** Set until the store has proven the secret. */
  secretHash: string | undefined;
  /**
   * Whether the store may have the reader parked because of this waiter. If so, the reader must be released when the
   * waiter ends, unless another waiter of the same reader takes this duty over.
   */
  owesRelease = false;
  /** Only for `HoldTimes`, like the next two fields. */
  queue: HoldQueue<Waiter> | undefined = undefined;
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;

  constructor(
    app: string,
    id: string,
    request: PollRequest,
    { secretHash, generation }: PollCredential,
    receiver: PollReceiver,
    arrival: number,
    deadline: number,
    holds: boolean,
    onCancel: (waiter: Waiter) => void,
  ) {
    this.app = app;
    this.id = id;
    this.reader = request.reader;
    this.limit = request.limit;
    this.wait = request.wait;
    this.streams = request.streams;
    this.drains = request.drains;
    this.after = request.after;
    this.receiver = receiver;
    this.arrival = arrival;
    this.deadline = deadline;
    this.holds = holds;
    this.secretHash = secretHash;
    this.generation = generation;
    this.#onCancel = onCancel;
  }

  cancel(): void {
    this.#onCancel(this);
  }

  get cursor(): string {
    return formatCursor(this.epoch, this.offset, this.proof);
  }

  get transport(): TransportKind {
    return this.streams ? 'stream' : 'poll';
  }

  /**
   * Whether the message at this offset is the next message that the waiter needs. The proof shows whether the store has
   * lost the message after which this waiter was parked.
   * @param before the proof of the message before the one at `offset`
   */
  standsBefore(epoch: string, offset: number, before: number): boolean {
    return this.epoch === epoch && this.offset + 1 === offset && this.proof === before;
  }

  /** Whether the request asked for a wait, but this node does not hold it. */
  get isTurnedAway(): boolean {
    return this.wait > 0 && !this.holds;
  }

  /** Moves the waiter to the position after the read. The read has proven its secret. */
  takeIn({ epoch, offset, proof, generation, parked }: ReadResult): void {
    this.after = undefined;
    this.secretHash = undefined;
    this.generation ??= generation;
    this.epoch = epoch;
    this.offset = offset;
    this.proof = proof;
    if (parked) this.owesRelease = true;
  }

  isSameReader(other: Waiter): boolean {
    return this.app === other.app && this.reader === other.reader;
  }
}
