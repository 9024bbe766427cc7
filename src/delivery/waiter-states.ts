import { diagnostics } from '../measures/diagnostics.js';
import type { Clock } from '../time/clock.js';
import { HoldTimes } from './hold-times.js';
import type { Waiter, WaiterState } from './waiter.js';

/** Callbacks of `WaiterStates`. They must not throw. */
export interface WaiterStatesListener {
  /** The deadline of a parked waiter has passed. The waiter is still parked. */
  onDue(waiter: Waiter): void;
  /** The store must release the reader of a waiter that has ended: this node has no other waiter of the reader. */
  onRelease(waiter: Waiter): void;
  /** The last waiter of this session has ended. */
  onSessionLeft(id: string): void;
}

type Waiters = readonly Waiter[];

/** Shared by all sessions that have no waiter. */
const noWaiters: Waiters = [];

/**
 * The waiters of this node and their states. Each waiter is in exactly one state, and only `move` changes it:
 *
 *                 ┌────────────────────┐
 *                 │                    v
 *     poll ──> reading ──> parked ──> ended
 *                 ^          │
 *                 └──────────┘
 *
 * `outdated`, `superseded` and `abandoned` are variants of `reading`: something happened that decides the next state.
 *
 * - `reading`: a read of the mailbox is under way. The first state of every waiter.
 * - `outdated`: a read is under way, and a notice of the mailbox has arrived since it began. The result may be older
 *   than the notice, so the waiter must not be parked on it.
 * - `superseded`: a read is under way, and since it began the reader was evicted or a newer poll of it was read.
 * - `abandoned`: a read is under way, and the client has hung up.
 * - `parked`: the reader has everything that the mailbox retains, and is parked in the store. The deadline runs.
 * - `ended`: the receiver was called for the last time, or the client has hung up. This state is final.
 *
 * While a read is under way:
 * - `reading` → `outdated`: the store notified an append, a change, or the end of the session.
 * - `reading`, `outdated` → `superseded`: a newer poll of the reader was read, here or at another node, or the store
 *   evicted the reader.
 * - `reading`, `outdated`, `superseded` → `abandoned`: the client hangs up.
 *
 * When the read returns:
 * - `abandoned` → `ended`, without an answer.
 * - `superseded` → `ended`: the waiter is answered as superseded, with the messages that were read, because its cursor
 *   has passed them.
 * - `reading`, `outdated` → `ended`: there is something to deliver, or the poll is not to be held, or the room drains.
 * - `reading` → `parked`: there is nothing to deliver.
 * - `outdated` → `reading`: there was nothing to deliver when the store read, but there may be now. Another read
 *   begins.
 *
 * A read that fails ends the waiter with the error. There is one exception: while the store is unavailable, a waiter
 * that has read before goes on as if there were nothing to deliver, and its mailbox is read again later.
 *
 * While it is parked:
 * - `parked` → `ended`: the next message was appended, which answers the poll without another read; the session ended;
 *   the reader was superseded or evicted; the deadline passed; the client hangs up; or the room drains.
 * - `parked` → `reading`: anything else happened to the mailbox, or notices may have been missed.
 *
 * A stream goes on where a poll would end with messages, or at the end of its hold:
 * - `reading` → `reading`: the stream was given what was read, and reads on.
 * - `parked` → `reading`: the stream was given the next message that was appended, or its deadline passed and its
 *   receiver was called to send a heartbeat. The next read parks the stream again, because a park in the store lasts
 *   for one hold.
 *
 * While its receiver is called with a batch, a stream counts as reading, even without a read, and moves as above.
 */
export class WaiterStates {
  readonly #clock: Clock;
  readonly #listener: WaiterStatesListener;
  /** The deadlines of the parked waiters. */
  readonly #holdTimes: HoldTimes<Waiter>;
  /**
   * All waiters that have not ended, by session id. The list of a session is replaced, never changed, so that a caller
   * may iterate over it while waiters are added and removed. Nearly every list holds one waiter.
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

  /** Number of waiters that are held, or may be held once their read returns. */
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

  /** Adds a waiter, whose read is about to begin. @param others the other waiters of its session */
  add(waiter: Waiter, others: Waiters): void {
    this.#bySession.set(waiter.id, others.length === 0 ? [waiter] : [...others, waiter]);
    if (!waiter.holds) return;
    this.#held += 1;
    if (waiter.streams) this.#heldStreams += 1;
  }

  /**
   * Moves a stream on after it was given a batch while it counted as reading. A superseded stream stays superseded.
   * @param parked whether the read has parked the reader, so that the stream needs no other read
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
      // The next read reports whether the store has the reader parked.
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

  /** Releases the reader, unless this node has another waiter of it: that waiter could then miss its notice. */
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
