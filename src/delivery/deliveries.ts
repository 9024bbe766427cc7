import type { SessionContext } from '../context/session-context.js';
import { type CloseReason, closedNotice } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import type { SessionStore } from '../store/session-store.js';
import type { Clock } from '../time/clock.js';
import { acknowledgementOf } from './acknowledgement.js';
import { emptyBatch, retryBatch } from './answers.js';
import type { Batch } from './batch.js';
import type { PollBound } from './poll-bound.js';
import type { Waiter } from './waiter.js';
import type { WaiterStates } from './waiter-states.js';

/**
 * Calls the receivers of the waiters: everything that a client is told leaves here. An exception of a receiver is
 * reported; it must not reach the push that caused the call, or skip the other readers.
 */
export class Deliveries {
  readonly #context: SessionContext;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #waiters: WaiterStates;
  readonly #bound: PollBound;

  constructor(context: SessionContext, store: SessionStore, clock: Clock, waiters: WaiterStates, bound: PollBound) {
    this.#context = context;
    this.#store = store;
    this.#clock = clock;
    this.#waiters = waiters;
    this.#bound = bound;
  }

  /**
   * A batch after which a stream stays. Called while the stream counts as reading, so that whatever its receiver causes,
   * such as another push, only marks it.
   */
  give(waiter: Waiter, batch: Batch): void {
    waiter.isOpen = true;
    waiter.deadline = this.#clock.now() + waiter.request.wait;
    this.#callStream(waiter, () => waiter.receiver.deliver(batch, acknowledgementOf(this.#store, waiter, batch)));
  }

  /** A stream was given nothing for the time of one hold. */
  beat(waiter: Waiter, now: number): void {
    waiter.deadline = now + waiter.request.wait;
    if (waiter.isOpen) this.#callStream(waiter, () => waiter.receiver.beat?.());
  }

  /** The last batch of a waiter. A poll gets no other. */
  last(waiter: Waiter, batch: Batch): void {
    this.#waiters.move(waiter, 'ended');
    try {
      if (!waiter.request.streams) this.#bound.count(waiter.id, batch, waiter.receiver);
      waiter.receiver.deliver(batch, acknowledgementOf(this.#store, waiter, batch));
    } catch (error) {
      reportFault('The receiver of a poll threw', error);
    }
  }

  /** The store has released the reader of a parked waiter. */
  closed(waiter: Waiter, reason: CloseReason): void {
    waiter.owesRelease = false;
    this.last(waiter, { ...emptyBatch(waiter), closed: closedNotice(reason) });
  }

  /** @param batch what was read for the waiter; default nothing */
  sendAway(waiter: Waiter, batch: Batch = emptyBatch(waiter)): void {
    this.last(waiter, { ...retryBatch(waiter, this.#context), ...batch });
  }

  fail(waiter: Waiter, error: unknown): void {
    const isAbandoned = waiter.state === 'abandoned';
    this.#waiters.move(waiter, 'ended');
    if (isAbandoned) return;
    try {
      waiter.receiver.fail(error);
    } catch (fault) {
      reportFault('The receiver of a poll threw', fault);
    }
  }

  hangUp(waiter: Waiter): void {
    if (waiter.state === 'parked') this.#waiters.move(waiter, 'ended');
    else if (waiter.state !== 'ended') this.#waiters.move(waiter, 'abandoned');
  }

  #callStream(waiter: Waiter, step: () => void): void {
    try {
      step();
    } catch (error) {
      reportFault('The receiver of a stream threw', error);
      this.hangUp(waiter);
    }
  }
}
