import type { SessionContext } from '../context/session-context.js';
import { type CloseReason, closedNotice } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import type { DeliveryWay } from '../measures/kinds.js';
import type { NodeMeasures } from '../measures/node-measures.js';
import type { SessionStore } from '../store/session-store.js';
import type { Clock } from '../time/clock.js';
import { acknowledgementOf } from './acknowledgement.js';
import { emptyBatch, retryBatch } from './answers.js';
import type { Batch } from './batch.js';
import { DeliveryReports, endingOf } from './delivery-reports.js';
import type { PollBound } from './poll-bound.js';
import type { Waiter } from './waiter.js';
import type { WaiterStates } from './waiter-states.js';

/**
 * Calls the receivers of the waiters: all answers to clients pass through this class. It reports the exceptions of
 * receivers: an exception must not reach the push that caused the call, or skip the other readers.
 */
export class Deliveries {
  readonly #context: SessionContext;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #waiters: WaiterStates;
  readonly #bound: PollBound;
  readonly #reports: DeliveryReports;

  constructor(
    context: SessionContext,
    store: SessionStore,
    clock: Clock,
    waiters: WaiterStates,
    bound: PollBound,
    measures: NodeMeasures,
  ) {
    this.#context = context;
    this.#store = store;
    this.#clock = clock;
    this.#waiters = waiters;
    this.#bound = bound;
    this.#reports = new DeliveryReports(measures, clock);
  }

  /** The poll or stream was taken up. */
  arrived(waiter: Waiter): void {
    this.#reports.arrived(waiter);
  }

  /**
   * Gives a stream a batch that is not its last. Call it while the stream counts as reading: a push that its
   * receiver causes then only marks the stream as outdated.
   */
  give(waiter: Waiter, batch: Batch, way: DeliveryWay = 'read'): void {
    waiter.isOpen = true;
    waiter.deadline = this.#clock.now() + waiter.wait;
    this.#reports.given(waiter, batch, way);
    this.#callStream(waiter, () => waiter.receiver.deliver(batch, acknowledgementOf(this.#store, waiter, batch)));
  }

  /** Begins the next hold of a stream that was given nothing during the last one, and sends a heartbeat. */
  beat(waiter: Waiter, now: number): void {
    waiter.deadline = now + waiter.wait;
    if (waiter.isOpen) this.#callStream(waiter, () => waiter.receiver.beat?.());
  }

  /** Gives a waiter its last batch: for a poll, the only one. */
  last(waiter: Waiter, batch: Batch, way: DeliveryWay = 'read'): void {
    this.#waiters.move(waiter, 'ended');
    this.#reports.given(waiter, batch, way);
    this.#reports.ended(waiter, endingOf(batch));
    try {
      if (!waiter.streams) this.#bound.count(waiter.id, batch, waiter.receiver);
      waiter.receiver.deliver(batch, acknowledgementOf(this.#store, waiter, batch));
    } catch (error) {
      reportFault('The receiver of a poll threw', error);
    }
  }

  /** Answers a parked waiter whose session or token has ended. The store has released its reader. */
  closed(waiter: Waiter, reason: CloseReason): void {
    waiter.owesRelease = false;
    this.last(waiter, { ...emptyBatch(waiter), closed: closedNotice(reason) });
  }

  /** @param batch the result of the waiter's read; default an empty batch */
  sendAway(waiter: Waiter, batch: Batch = emptyBatch(waiter)): void {
    this.last(waiter, { ...retryBatch(waiter, this.#context), ...batch });
  }

  fail(waiter: Waiter, error: unknown): void {
    const isAbandoned = waiter.state === 'abandoned';
    this.#waiters.move(waiter, 'ended');
    if (isAbandoned) return;
    this.#reports.ended(waiter, 'failed');
    try {
      waiter.receiver.fail(error);
    } catch (fault) {
      reportFault('The receiver of a poll threw', fault);
    }
  }

  hangUp(waiter: Waiter): void {
    if (waiter.state === 'ended' || waiter.state === 'abandoned') return;
    this.#reports.ended(waiter, 'hung-up');
    this.#waiters.move(waiter, waiter.state === 'parked' ? 'ended' : 'abandoned');
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
