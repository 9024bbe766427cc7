import { diagnostics } from '../measures/diagnostics.js';
import type { Clock } from '../time/clock.js';
import { HoldTimes } from './hold-times.js';
import type { Waiter, WaiterState } from './waiter.js';

/** What `WaiterStates` calls. None of these may throw. */
export interface WaiterStatesListener {
  /** The deadline of a parked waiter has come. The waiter is still parked. */
  onDue(waiter: Waiter): void;
  /** The store must release the reader of a waiter that has ended: no other waiter of the reader is here. */
  onRelease(waiter: Waiter): void;
  /** The last waiter of this session has ended. */
  onSessionLeft(id: string): void;
}

type Waiters = readonly Waiter[];

/** Shared by all sessions that have no waiter. */
const noWaiters: Waiters = [];

/**
 * The waiters of this node and their states. Each waiter is in exactly one state, and `move` alone changes it:
 *
 *                 ┌────────────────────┐
 *                 │                    v
 *     poll ──> reading ──> parked ──> ended
 *                 ^          │
 *                 └──────────┘
 *
 * `outdated`, `superseded` and `abandoned` stand for `reading` once something happened that decides what comes next.
 *
 * - `reading`: a read of the mailbox is under way. The first state of every waiter.
 * - `outdated`: a read is under way, and a notice of the mailbox came meanwhile. The result may be older than the
 *   notice, so the waiter must not be parked on it.
 * - `superseded`: a read is under way, and the reader was evicted meanwhile, or a newer poll of it was read.
 * - `abandoned`: a read is under way, and the client has hung up.
 * - `parked`: the reader has everything that the mailbox retains, and is parked in the store. The deadline runs.
 * - `ended`: the receiver was called for the last time, or the client has hung up. Final.
 *
 * While a read is under way:
 * - `reading` → `outdated`: the store notified an append, a change, or the end of the session.
 * - `reading`, `outdated` → `superseded`: a newer poll of the reader was read, here or at another node, or the store
 *   evicted the reader.
 * - `reading`, `outdated`, `superseded` → `abandoned`: the client hangs up.
 *
 * When the read returns:
 * - `abandoned` → `ended`, without an answer.
 * - `superseded` → `ended`: answered as superseded, with the messages that were read, because the cursor passed them.
 * - `reading`, `outdated` → `ended`: there is something to deliver, or the poll is not to be held, or the room drains.
 * - `reading` → `parked`: there is nothing to deliver.
 * - `outdated` → `reading`: there was nothing to deliver when the store read, but there may be now. Reads again.
 *
 * A read that fails ends the waiter with the error. Only while the store is unavailable, a waiter that was parked
 * before goes on as if there were nothing to deliver, and its mailbox is read again later.
 *
 * While it is parked:
 * - `parked` → `ended`: the next message was appended, which answers the poll without another read; the session ended;
 *   the reader was superseded or evicted; the deadline came; the client hangs up; or the room drains.
 * - `parked` → `reading`: anything else happened to the mailbox, or notices may have been missed.
 *
 * A stream goes on where a poll ends with messages, or with its hold:
 * - `reading` → `reading`: it was given what was read, and reads on.
 * - `parked` → `reading`: it was given the next message that was appended, or its deadline came and it was told to send a
 *   heartbeat. The read parks it again: what is parked in the store is so for the time of one hold.
 * While its receiver has a batch it counts as reading, also when no read is under way, and moves as above.
 */
export class WaiterStates {
  readonly #clock: Clock;
  readonly #listener: WaiterStatesListener;
  /** The deadlines of the parked waiters. */
  readonly #holdTimes: HoldTimes<Waiter>;
  /**
   * All waiters that have not ended, by session id. The list of a session is replaced, never changed, so that a caller
   * may iterate over it while waiters come and go. Nearly every list holds one waiter.
   */
  readonly #bySession = new Map<string, Waiters>();
  #held = 0;
  #heldStreams = 0;
  #onNoneHeld: (() => void) | undefined;

  constructor(clock: Clock, listener: WaiterStatesListener) {
    this.#clock = clock;
    this.#listener = listener;
    this.#holdTimes = new HoldTimes(clock, (waiter) => listener.onDue(waiter));
  }

  /** How many waiters are held, or may be once their read returns. */
  get held(): number {
    return this.#held;
  }

  get heldStreams(): number {
    return this.#heldStreams;
  }

  /** The sessions that have waiters now. */
  get sessionIds(): readonly string[] {
    return [...this.#bySession.keys()];
  }

  /** Resolves when no waiter is held any more, or at `deadline`. */
  noneHeld(deadline: number): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(Math.max(0, deadline - this.#clock.now()), resolve);
      this.#onNoneHeld = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  of(id: string): Waiters {
    return this.#bySession.get(id) ?? noWaiters;
  }

  /** Adds a waiter, whose read is about to begin. @param others those of its session */
  add(waiter: Waiter, others: Waiters): void {
    this.#bySession.set(waiter.id, others.length === 0 ? [waiter] : [...others, waiter]);
    if (!waiter.holds) return;
    this.#held += 1;
    if (waiter.streams) this.#heldStreams += 1;
  }

  /**
   * What comes after a batch that a stream was given while it counted as reading.
   * @param parked whether the read has parked its reader, so that no other one is needed. A superseded stream is left so
   */
  settle(waiter: Waiter, parked: boolean): void {
    if (waiter.state === 'abandoned') this.move(waiter, 'ended');
    else if (waiter.state === 'reading' && parked) this.move(waiter, 'parked');
    else if (waiter.state === 'outdated') this.move(waiter, 'reading');
  }

  move(waiter: Waiter, next: WaiterState): void {
    const { state } = waiter;
    waiter.state = next;
    if (next === 'parked') {
      this.#holdTimes.add(waiter);
      if (diagnostics.held.isHeard) publishHeld(waiter);
    } else if (state === 'parked') {
      this.#holdTimes.remove(waiter);
      // The next read tells anew whether the store has the reader parked.
      if (next === 'reading') waiter.owesRelease = false;
    }
    if (next === 'ended') {
      this.#remove(waiter);
      if (waiter.owesRelease) this.#passOnRelease(waiter);
    }
    const isOver = next === 'ended' || next === 'abandoned';
    if (isOver && state !== 'abandoned' && waiter.holds) this.#countDown(waiter);
  }

  #remove(waiter: Waiter): void {
    const waiters = this.of(waiter.id);
    if (waiters.length > 1) {
      this.#bySession.set(
        waiter.id,
        waiters.filter((each) => each !== waiter),
      );
      return;
    }
    this.#bySession.delete(waiter.id);
    this.#listener.onSessionLeft(waiter.id);
  }

  /** To release the reader while another waiter of it is here could make that waiter miss its notice. */
  #passOnRelease(waiter: Waiter): void {
    const successor = this.of(waiter.id).find((other) => other.isSameReader(waiter));
    if (successor === undefined) this.#listener.onRelease(waiter);
    else successor.owesRelease = true;
  }

  #countDown(waiter: Waiter): void {
    this.#held -= 1;
    if (waiter.streams) this.#heldStreams -= 1;
    if (this.#held === 0) this.#onNoneHeld?.();
  }
}

function publishHeld({ app, id, transport, reader, wait }: Waiter): void {
  diagnostics.held.publish({ app, id, reader, transport, wait });
}
