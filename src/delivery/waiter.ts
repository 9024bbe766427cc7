import type { Hold, HoldQueue } from './hold-times.js';
import type { PollReceiver, PollRequest } from './poll-request.js';

/** One poll under way, from its arrival until it is answered or its client hangs up. */
export class Waiter implements Hold<Waiter> {
  readonly app: string;
  readonly id: string;
  readonly request: PollRequest;
  readonly receiver: PollReceiver;
  /** Of two polls of one reader the higher number is the newer. */
  readonly arrival: number;
  /** When a quiet hold ends. Not later than now for a poll that is not held at all. */
  readonly deadline: number;
  /** There was no room to hold it: it is answered at once, and told to wait before it comes again. */
  readonly turnedAway: boolean;
  /** Where the reader stood at the last read; the epoch is empty before the first. */
  epoch = '';
  offset = 0;
  /** Its place among those held for as long: for `HoldTimes` alone. */
  queue: HoldQueue<Waiter> | undefined = undefined;
  before: Waiter | undefined = undefined;
  after: Waiter | undefined = undefined;
  /** It was answered, or has no one left to answer. */
  settled = false;
  /** The store may have its reader parked on account of this poll, or of one that left that to it. */
  holdsPark = false;
  /** While it was reading, a newer poll of its reader was let in, or its reader was dropped. */
  overtaken = false;
  /** The place of its latest read among all that the store was asked for. */
  question = 0;

  constructor(
    app: string,
    id: string,
    request: PollRequest,
    receiver: PollReceiver,
    arrival: number,
    deadline: number,
    turnedAway: boolean,
  ) {
    this.app = app;
    this.id = id;
    this.request = request;
    this.receiver = receiver;
    this.arrival = arrival;
    this.deadline = deadline;
    this.turnedAway = turnedAway;
  }

  get holds(): boolean {
    return this.request.wait > 0 && !this.turnedAway;
  }

  /** Whether it is another poll of the same reader. */
  isRivalOf(other: Waiter): boolean {
    return this !== other && this.app === other.app && this.request.reader === other.request.reader;
  }
}

export type Waiters = readonly Waiter[];

/** Shared by all that are empty: an array that grew out of nothing takes room for seventeen. */
export const nobody: Waiters = [];

/** The polls of one session at this node. The lists are replaced, never changed: mostly one waits, or none. */
export class WaitingMailbox {
  /** At most one for each reader. */
  parked: Waiters = nobody;
  /** Those between a question to the store and its answer. */
  reading: Waiters = nobody;
  /** Counts notices, so that one that overtakes the store's answer to a read is not missed. */
  notices = 0;

  get isEmpty(): boolean {
    return this.parked.length === 0 && this.reading.length === 0;
  }
}

export function withWaiter(waiters: Waiters, waiter: Waiter): Waiters {
  return waiters.length === 0 ? [waiter] : [...waiters, waiter];
}

export function withoutWaiter(waiters: Waiters, waiter: Waiter): Waiters {
  return waiters.length === 1 && waiters[0] === waiter ? nobody : waiters.filter((each) => each !== waiter);
}
