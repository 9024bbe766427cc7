import { inject, injectable } from 'inversify';
import { SessionContext } from '../context/session-context.js';
import type { CloseReason } from '../errors/close-reason.js';
import { SessionError } from '../errors/session-error.js';
import { SessionEvents } from '../events/session-events.js';
import type { Message } from '../mailbox/message.js';
import { type ReadRequest, type ReadResult, SessionStore } from '../store/session-store.js';
import type { StoreListener } from '../store/store-listener.js';
import { Clock } from '../time/clock.js';
import { release } from './acknowledgement.js';
import { emptyBatch, readBatch, supersededBatch } from './answers.js';
import type { Batch } from './batch.js';
import { Deliveries } from './deliveries.js';
import { forEachParked } from './parked-waiters.js';
import { PollBound } from './poll-bound.js';
import type { Cancellable, PollCredential, PollReceiver, PollRequest } from './poll-request.js';
import { readRequestOf } from './read-request.js';
import { Rereading } from './rereading.js';
import { supersede, supersedeOthers } from './superseding.js';
import { Waiter } from './waiter.js';
import { WaiterStates } from './waiter-states.js';

/**
 * Holds the polls and streams of this node. A poll first reads its mailbox from the store. If there is nothing to
 * deliver, the poll is parked at the tail of the mailbox: the next message appended is the next message that it needs,
 * and answers it without another read. Any other change of the mailbox makes the poll read again. A stream is a poll
 * that stays after a batch, and goes on from there. `WaiterStates` describes the states of both.
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
  readonly #deliveries: Deliveries;
  /** Shared by all waiters. */
  readonly #hangUp = (waiter: Waiter) => this.#deliveries.hangUp(waiter);
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
      onDue: (waiter) => this.#endHold(waiter),
      onRelease: (waiter) => void release(store, waiter),
      onSessionLeft: (id) => this.#rereading.forget(id),
    });
    this.#deliveries = new Deliveries(context, store, clock, this.#waiters, this.#bound, events.measures);
    const sessionIds = () => this.#waiters.sessionIds;
    this.#rereading = new Rereading(clock, context.hbTime, sessionIds, (id) => this.#readMailboxAgain(id));
  }

  /** Number of polls and streams that are held, or may be held once their read returns. */
  get held(): number {
    return this.#waiters.held;
  }

  /** Number of streams that are held, or may be held once their read returns. */
  get heldStreams(): number {
    return this.#waiters.heldStreams;
  }

  get #mayHold(): boolean {
    return this.#drained === undefined && this.held < this.#context.maxWaiter;
  }

  /**
   * Opens the stream, or answers the poll: as soon as there is something to deliver, at the latest after its wait.
   * @param credential the credential with which the poll was opened; the poll fails if it is not valid any more
   * @returns `undefined` if this node has no room for another poll of this session (see `PollBound`), or for a stream
   */
  poll(
    app: string,
    id: string,
    credential: PollCredential,
    request: PollRequest,
    receiver: PollReceiver,
  ): Cancellable | undefined {
    const others = this.#waiters.of(id);
    if (request.streams && !this.#mayHold) return undefined;
    if (!this.#bound.hasRoomFor(id, others, credential.secretHash)) return undefined;
    this.#arrivals += 1;
    const deadline = this.#clock.now() + request.wait;
    const holds = request.wait > 0 && this.#mayHold && (request.streams || this.#context.pollTime > 0);
    const arrival = this.#arrivals;
    const waiter = new Waiter(app, id, request, credential, receiver, arrival, deadline, holds, this.#hangUp);
    // Count the waiter before it reads. Otherwise all polls of a burst would find room.
    this.#waiters.add(waiter, others);
    this.#deliveries.arrived(waiter);
    void this.#read(waiter);
    return waiter;
  }

  appended(_app: string, id: string, epoch: string, message: Message, before: number): void {
    for (const waiter of this.#waiters.of(id)) {
      if (waiter.state === 'parked' && waiter.standsBefore(epoch, message.offset, before)) {
        waiter.owesRelease = false;
        waiter.offset = message.offset;
        waiter.proof = message.at;
        this.#pass(waiter, { messages: [message], cursor: waiter.cursor, lost: 0 });
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
      if (waiter.state === 'parked') this.#deliveries.closed(waiter, reason);
      // The store rejects the next read with the reason.
      else this.#readAgain(waiter);
    }
  }

  rotated(_app: string, id: string, generation: number): void {
    for (const waiter of this.#waiters.of(id)) {
      if (waiter.state !== 'parked') this.#readAgain(waiter);
      // A poll of the new token may have been parked before this notice arrived.
      else if (waiter.generation === undefined || waiter.generation < generation)
        this.#deliveries.closed(waiter, 'rotated');
    }
  }

  superseded(_app: string, id: string, reader: string, ticket: number): void {
    for (const waiter of this.#waiters.of(id)) {
      // A waiter that has read again since then has a newer ticket. The notice is not for that read.
      if (waiter.readTicket === ticket && waiter.reader === reader)
        supersede(this.#waiters, this.#deliveries, waiter, false);
    }
  }

  missed(): void {
    this.#rereading.all();
  }

  /** Answers all held polls with `retry`, and holds no more. Resolves when all are answered, or after `drainTime`. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    const giveUpAt = this.#clock.now() + this.#context.drainTime;
    const isOver = () => this.#clock.now() > giveUpAt;
    await forEachParked(this.#waiters, (waiter) => this.#deliveries.sendAway(waiter), isOver);
    // The waiters that are still reading are sent away when their reads return.
    if (!isOver()) await this.#waiters.noneHeld(giveUpAt);
  }

  /** Deliberately one async function: each additional one would cost a poll as much time as its read. */
  async #read(waiter: Waiter): Promise<void> {
    try {
      do {
        let result: ReadResult | undefined;
        try {
          result = await this.#store.read(waiter.app, waiter.id, this.#nextRead(waiter));
          // Another reader of the session may still wait to be read again.
          if (this.#waiters.of(waiter.id).length === 1) this.#rereading.forget(waiter.id);
        } catch (error) {
          this.#keepHoldingIfUnavailable(waiter, error);
        }
        if (result !== undefined) this.#takeIn(waiter, result);
        this.#decide(waiter, result);
        // Only an outdated result makes the waiter read on.
      } while (waiter.state === 'reading');
    } catch (error) {
      this.#deliveries.fail(waiter, error);
    }
  }

  #nextRead(waiter: Waiter): ReadRequest {
    this.#reads += 1;
    waiter.readTicket = this.#reads;
    const now = this.#clock.now();
    // A stream whose hold has ended while it was reading begins another one.
    if (waiter.streams && waiter.deadline <= now) this.#deliveries.beat(waiter, now);
    return readRequestOf(waiter, now);
  }

  /** Throws the error again, unless the store is unavailable and the waiter has read before. */
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
    supersedeOthers(this.#waiters, this.#deliveries, waiter, result.droppedReader);
  }

  /** @param result `undefined` if the store was unavailable, and the waiter is to be held nevertheless */
  #decide(waiter: Waiter, result: ReadResult | undefined): void {
    if (waiter.state === 'abandoned') {
      this.#waiters.move(waiter, 'ended');
    } else if (waiter.state === 'superseded' || result?.superseded) {
      // The answer contains the messages that were read, because the cursor has passed them.
      const batch = result === undefined ? emptyBatch(waiter) : readBatch(waiter, result, this.#context);
      this.#deliveries.last(waiter, { ...batch, superseded: true });
    } else if (waiter.streams && this.#drained !== undefined) {
      this.#deliveries.sendAway(waiter, result && readBatch(waiter, result, this.#context));
    } else if (waiter.streams && result !== undefined) {
      this.#streamOn(waiter, result);
    } else if (result?.parked === false) {
      this.#deliveries.last(waiter, readBatch(waiter, result, this.#context));
    } else if (this.#drained !== undefined) {
      this.#deliveries.sendAway(waiter);
    } else {
      this.#waiters.move(waiter, waiter.state === 'outdated' ? 'reading' : 'parked');
    }
  }

  /** Gives a stream what was read. The first batch is given even if it is empty: it tells the client its cursor. */
  #streamOn(waiter: Waiter, result: ReadResult): void {
    if (!result.parked || !waiter.isOpen) this.#deliveries.give(waiter, readBatch(waiter, result, this.#context));
    this.#waiters.settle(waiter, result.parked);
    if (waiter.state === 'superseded') this.#deliveries.last(waiter, supersededBatch(waiter));
  }

  /** Ends the hold of a parked waiter. A stream begins another hold, with another read that keeps it parked. */
  #endHold(waiter: Waiter): void {
    if (!waiter.streams) {
      this.#deliveries.last(waiter, emptyBatch(waiter));
      return;
    }
    const { owesRelease } = waiter;
    this.#waiters.move(waiter, 'reading');
    // The store has the reader parked until the next read, and the receiver may hang up at the heartbeat.
    waiter.owesRelease = owesRelease;
    this.#deliveries.beat(waiter, this.#clock.now());
    this.#goOn(waiter);
  }

  /** Gives a parked waiter its next message. */
  #pass(waiter: Waiter, batch: Batch): void {
    this.#events.measures.wakeUps.add('message');
    if (!waiter.streams) {
      this.#deliveries.last(waiter, batch, 'woken');
      return;
    }
    this.#waiters.move(waiter, 'reading');
    this.#deliveries.give(waiter, batch, 'woken');
    this.#goOn(waiter);
  }

  /** Starts the next read of a stream that has no read under way, unless its receiver has caused its end. */
  #goOn(waiter: Waiter): void {
    this.#waiters.settle(waiter, false);
    if (waiter.state === 'superseded') this.#deliveries.last(waiter, supersededBatch(waiter));
    if (waiter.state !== 'reading') return;
    waiter.owesRelease = false;
    void this.#read(waiter);
  }

  #readMailboxAgain(id: string): void {
    for (const waiter of this.#waiters.of(id)) this.#readAgain(waiter);
  }

  #readAgain(waiter: Waiter): void {
    if (waiter.state === 'reading') {
      this.#waiters.move(waiter, 'outdated');
    } else if (waiter.state === 'parked') {
      this.#events.measures.wakeUps.add('read');
      this.#waiters.move(waiter, 'reading');
      void this.#read(waiter);
    }
  }
}
