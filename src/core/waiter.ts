import type { Timer } from './clock.js';
import type { PollReceiver, PollRequest } from './poll-request.js';

/** One poll under way, from its arrival until it is answered or its client hangs up. */
export class Waiter {
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
  timer: Timer | undefined = undefined;
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

/** The polls of one session at this node. */
export class WaitingMailbox {
  /** At most one for each reader. */
  readonly parked: Waiter[] = [];
  /** Those between a question to the store and its answer. */
  readonly reading: Waiter[] = [];
  /** Counts notices, so that one that overtakes the store's answer to a read is not missed. */
  notices = 0;

  get isEmpty(): boolean {
    return this.parked.length === 0 && this.reading.length === 0;
  }
}

/** @returns whether it was among them */
export function removeWaiter(waiters: Waiter[], waiter: Waiter): boolean {
  const index = waiters.indexOf(waiter);
  if (index === -1) return false;
  waiters.splice(index, 1);
  return true;
}
