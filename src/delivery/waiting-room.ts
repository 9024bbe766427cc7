import { setImmediate as nextTurn } from 'node:timers/promises';
import { inject, injectable } from 'inversify';
import { SessionContext } from '../context/session-context.js';
import { type CloseReason, closedNotice } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { SessionEvents } from '../events/session-events.js';
import type { Message } from '../mailbox/message.js';
import { type ReadRequest, type ReadResult, SessionStore } from '../store/session-store.js';
import type { StoreListener } from '../store/store-listener.js';
import { Clock } from '../time/clock.js';
import { acknowledgementOf } from './acknowledgement.js';
import { emptyBatch, readBatch, retryBatch, supersededBatch } from './answers.js';
import type { Batch } from './batch.js';
import { PollBound } from './poll-bound.js';
import type { PollCredential, PollReceiver, PollRequest } from './poll-request.js';
import { readRequestOf } from './read-request.js';
import { Rereading } from './rereading.js';
import { Waiter } from './waiter.js';
import { WaiterStates } from './waiter-states.js';

/** Waiters answered in one turn of the event loop by a drain. */
const stepSize = 500;

/**
 * Holds the polls of this node. A poll is read from the store first. When there is nothing to deliver it is parked at
 * the tail of its mailbox: the next message appended is the next that it needs, and answers it without another read.
 * Whatever else happens to the mailbox makes it read again. `WaiterStates` describes the states of a poll.
 */
@injectable()
export class WaitingRoom implements StoreListener {
  readonly #context: SessionContext;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #events: SessionEvents;
  readonly #waiters: WaiterStates;
  readonly #rereading: Rereading;
  readonly #bound: PollBound;
  #arrivals = 0;
  #reads = 0;
  #drained: Promise<void> | undefined;

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(SessionStore) store: SessionStore,
    @inject(Clock) clock: Clock,
    @inject(SessionEvents) events: SessionEvents,
  ) {
    this.#context = context;
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
    this.#bound = new PollBound(context.maxPoll);
    this.#waiters = new WaiterStates(clock, {
      onDue: (waiter) => this.#deliver(waiter, emptyBatch(waiter)),
      onRelease: (waiter) => void this.#release(waiter),
      onSessionLeft: (id) => this.#rereading.forget(id),
    });
    const sessionIds = () => this.#waiters.sessionIds;
    this.#rereading = new Rereading(clock, context.hbTime, sessionIds, (id) => this.#readMailboxAgain(id));
  }

  /** How many polls are held, or may be once their read returns. */
  get held(): number {
    return this.#waiters.held;
  }

  /** Whether this node may serve one more poll of this session; see `PollBound`. */
  hasRoomFor(id: string, secretHash: string | undefined): boolean {
    return this.#bound.hasRoomFor(id, this.#waiters.of(id), secretHash);
  }

  /**
   * Answers the poll as soon as there is something to deliver, at the latest when its wait is over.
   * @param credential what the poll was opened with; it fails unless that still fits the session
   * @returns to be called when the client hangs up: the poll ends without an answer
   */
  poll(app: string, id: string, credential: PollCredential, request: PollRequest, receiver: PollReceiver): () => void {
    this.#arrivals += 1;
    const deadline = this.#clock.now() + request.wait;
    const holds = request.wait > 0 && this.#drained === undefined && this.held < this.#context.maxWaiter;
    const waiter = new Waiter(app, id, request, receiver, this.#arrivals, deadline, holds, credential.generation);
    waiter.secretHash = credential.secretHash;
    // Counted before the store is asked. Otherwise all polls of a burst would find room.
    this.#waiters.add(waiter);
    void this.#read(waiter);
    return () => this.#hangUp(waiter);
  }

  appended(_app: string, id: string, epoch: string, message: Message, before: number): void {
    for (const waiter of this.#waiters.of(id)) {
      if (waiter.state === 'parked' && waiter.standsBefore(epoch, message.offset, before)) {
        waiter.owesRelease = false;
        waiter.offset = message.offset;
        waiter.proof = message.at;
        this.#deliver(waiter, { messages: [message], cursor: waiter.cursor, lost: 0 });
      } else {
        this.#readAgain(waiter);
      }
    }
  }

  changed(_app: string, id: string): void {
    this.#readMailboxAgain(id);
  }

  closed(_app: string, id: string, reason: CloseReason): void {
    for (const waiter of this.#waiters.of(id)) {
      if (waiter.state === 'parked') this.#deliverClosed(waiter, reason);
      // The store rejects the next read with the reason.
      else this.#readAgain(waiter);
    }
  }

  rotated(_app: string, id: string, generation: number): void {
    for (const waiter of this.#waiters.of(id)) {
      if (waiter.state !== 'parked') this.#readAgain(waiter);
      // A poll of the new token may have been parked before this notice arrived.
      else if (waiter.generation === undefined || waiter.generation < generation)
        this.#deliverClosed(waiter, 'rotated');
    }
  }

  superseded(_app: string, id: string, reader: string, ticket: number): void {
    for (const waiter of this.#waiters.of(id)) {
      // A waiter that has read again since holds a newer ticket, and is not meant.
      if (waiter.readTicket === ticket && waiter.request.reader === reader) this.#supersede(waiter, false);
    }
  }

  missed(): void {
    this.#rereading.all();
  }

  /** From now on no poll is held. Held polls are answered with `retry`. Resolves when all are, or after `drainTime`. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    const giveUpAt = this.#clock.now() + this.#context.drainTime;
    let answered = 0;
    for (const id of this.#waiters.sessionIds) {
      for (const waiter of this.#waiters.of(id)) {
        if (waiter.state !== 'parked') continue;
        this.#sendAway(waiter);
        answered += 1;
      }
      if (answered < stepSize) continue;
      answered = 0;
      await nextTurn();
      if (this.#clock.now() > giveUpAt) return;
    }
    // The waiters that are still reading are sent away when their reads return.
    await this.#waiters.noneHeld(giveUpAt);
  }

  /** Deliberately one async function: each further one would cost a poll as much time as its read. */
  async #read(waiter: Waiter): Promise<void> {
    try {
      do {
        let result: ReadResult | undefined;
        try {
          result = await this.#store.read(waiter.app, waiter.id, this.#nextRead(waiter));
          this.#rereading.forget(waiter.id);
        } catch (error) {
          this.#keepHoldingIfUnavailable(waiter, error);
        }
        if (result !== undefined) this.#takeIn(waiter, result);
        this.#decide(waiter, result);
        // Only an outdated result makes the waiter read on.
      } while (waiter.state === 'reading');
    } catch (error) {
      this.#fail(waiter, error);
    }
  }

  #nextRead(waiter: Waiter): ReadRequest {
    this.#reads += 1;
    waiter.readTicket = this.#reads;
    return readRequestOf(waiter, this.#clock.now());
  }

  /** Throws the error again, unless the store is unavailable and the waiter was parked before. */
  #keepHoldingIfUnavailable(waiter: Waiter, error: unknown): void {
    if (!SessionError.is(error, 'STORE_UNAVAILABLE')) throw error;
    // The store may have carried the read out, although its reply was lost.
    waiter.owesRelease = waiter.holds;
    if (waiter.epoch === '') throw error;
    this.#rereading.later(waiter.id);
  }

  #takeIn(waiter: Waiter, result: ReadResult): void {
    const { app, id } = waiter;
    waiter.takeIn(result);
    if (result.cameOnline) this.#events.emit('online', { app, id, accountId: result.accountId });
    this.#supersedeOthers(waiter, result.droppedReader);
  }

  /** @param result `undefined` when the store was unavailable, and the waiter is held all the same */
  #decide(waiter: Waiter, result: ReadResult | undefined): void {
    if (waiter.state === 'abandoned') {
      this.#waiters.move(waiter, 'ended');
    } else if (waiter.state === 'superseded') {
      // With what was read, because the cursor passes it.
      const batch = result === undefined ? emptyBatch(waiter) : readBatch(waiter, result, this.#context);
      this.#deliver(waiter, { ...batch, superseded: true });
    } else if (result?.parked === false) {
      this.#deliver(waiter, readBatch(waiter, result, this.#context));
    } else if (this.#drained !== undefined) {
      this.#sendAway(waiter);
    } else {
      this.#waiters.move(waiter, waiter.state === 'outdated' ? 'reading' : 'parked');
    }
  }

  /**
   * Supersedes the older waiters of the same reader, and those of the reader that the store evicted for this one. One
   * of an evicted reader that was read again since has a newer ticket, and stays.
   */
  #supersedeOthers(waiter: Waiter, evictedReader: string | undefined): void {
    const waiters = this.#waiters.of(waiter.id);
    if (waiters.length === 1) return;
    for (const other of waiters) {
      if (other.request.reader === evictedReader && other.readTicket < waiter.readTicket) this.#supersede(other, false);
      else if (other.isSameReader(waiter) && other.arrival < waiter.arrival) this.#supersede(other, true);
    }
  }

  /** @param mayBeParked whether the store may still have the reader parked for this node */
  #supersede(waiter: Waiter, mayBeParked: boolean): void {
    if (waiter.state === 'parked') {
      waiter.owesRelease = mayBeParked;
      this.#deliver(waiter, supersededBatch(waiter));
    } else if (waiter.state === 'reading' || waiter.state === 'outdated') {
      this.#waiters.move(waiter, 'superseded');
    }
  }

  #readMailboxAgain(id: string): void {
    for (const waiter of this.#waiters.of(id)) this.#readAgain(waiter);
  }

  #readAgain(waiter: Waiter): void {
    if (waiter.state === 'reading') {
      this.#waiters.move(waiter, 'outdated');
    } else if (waiter.state === 'parked') {
      this.#waiters.move(waiter, 'reading');
      void this.#read(waiter);
    }
  }

  #hangUp(waiter: Waiter): void {
    if (waiter.state === 'parked') this.#waiters.move(waiter, 'ended');
    else if (waiter.state !== 'ended') this.#waiters.move(waiter, 'abandoned');
  }

  /** The store has released the reader of a parked waiter. */
  #deliverClosed(waiter: Waiter, reason: CloseReason): void {
    waiter.owesRelease = false;
    this.#deliver(waiter, { ...emptyBatch(waiter), closed: closedNotice(reason) });
  }

  #sendAway(waiter: Waiter): void {
    this.#deliver(waiter, retryBatch(waiter, this.#context));
  }

  /** All batches leave here. A poll takes one batch, so the waiter ends with it. */
  #deliver(waiter: Waiter, batch: Batch): void {
    this.#waiters.move(waiter, 'ended');
    try {
      this.#bound.count(waiter.id, batch, waiter.receiver);
      waiter.receiver.deliver(batch, acknowledgementOf(this.#store, waiter, batch));
    } catch (error) {
      // An exception here must not reach the push or skip the other readers.
      reportFault('The receiver of a poll threw', error);
    }
  }

  #fail(waiter: Waiter, error: unknown): void {
    const isAbandoned = waiter.state === 'abandoned';
    this.#waiters.move(waiter, 'ended');
    if (isAbandoned) return;
    try {
      waiter.receiver.fail(error);
    } catch (fault) {
      reportFault('The receiver of a poll threw', fault);
    }
  }

  async #release({ app, id, request }: Waiter): Promise<void> {
    try {
      await this.#store.release(app, id, request.reader);
    } catch {
      // The store is unavailable. It releases the reader itself when the wait is over.
    }
  }
}
