import { type Cursor, formatCursor } from '../mailbox/cursor.js';
import type { Transport } from '../measures/kinds.js';
import type { ReadResult } from '../store/session-store.js';
import type { Hold, HoldQueue } from './hold-times.js';
import type { Cancellable, PollCredential, PollReceiver, PollRequest } from './poll-request.js';

/** `WaiterStates` describes the states and the transitions between them. */
export type WaiterState = 'reading' | 'outdated' | 'superseded' | 'abandoned' | 'parked' | 'ended';

/** One poll or stream, from its arrival until it was answered for the last time, or its client hangs up. */
export class Waiter implements Hold<Waiter>, Cancellable {
  readonly app: string;
  readonly id: string;
  // What is needed of its request, not the request: thousands of polls are held.
  readonly reader: string;
  readonly limit: number;
  readonly wait: number;
  readonly streams: boolean;
  readonly drains: boolean;
  /** Where the first read begins. */
  after: Cursor | '' | undefined;
  readonly receiver: PollReceiver;
  readonly #onCancel: (waiter: Waiter) => void;
  /** Of two polls of one reader the one with the higher number is the newer. */
  readonly arrival: number;
  /** When the hold ends. Not after the arrival for a poll that is not to be held. A stream begins another hold then. */
  deadline: number;
  /** Whether it may be parked. If its request asks for a wait all the same, this node had no room for it. */
  readonly holds: boolean;
  /** Changed by `WaiterStates.move` alone. */
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
  /** Given until the store has proven it. */
  secretHash: string | undefined;
  /**
   * The store may have the reader parked because of this waiter. When the waiter ends, the reader must be released,
   * unless another waiter of the same reader takes this duty over.
   */
  owesRelease = false;
  /** For `HoldTimes` alone. */
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

  get transport(): Transport {
    return this.streams ? 'stream' : 'poll';
  }

  /**
   * Whether the message at that offset is the next that it needs. The proof shows whether the store has forgotten what this
   * poll was parked after.
   * @param before the proof of the message before
   */
  standsBefore(epoch: string, offset: number, before: number): boolean {
    return this.epoch === epoch && this.offset + 1 === offset && this.proof === before;
  }

  /** Whether a wait was asked for, and refused. */
  get isTurnedAway(): boolean {
    return this.wait > 0 && !this.holds;
  }

  /** The waiter stands where the read has ended, and its secret is proven. */
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
