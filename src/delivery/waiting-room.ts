import { setImmediate as nextTurn } from 'node:timers/promises';
import { inject, injectable } from 'inversify';
import { SessionContext } from '../context/session-context.js';
import { type CloseReason, closedNotice } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { SessionEvents } from '../events/session-events.js';
import { formatCursor } from '../mailbox/cursor.js';
import type { Message } from '../mailbox/message.js';
import { type ReadRequest, type ReadResult, SessionStore, type StoreListener } from '../store/session-store.js';
import { Clock } from '../time/clock.js';
import type { Batch } from './batch.js';
import { HoldTimes } from './hold-times.js';
import type { PollReceiver, PollRequest } from './poll-request.js';
import { Rereading } from './rereading.js';
import { nobody, Waiter, type Waiters, WaitingMailbox, withoutWaiter, withWaiter } from './waiter.js';

/** Waiters answered in one turn of the event loop when all are sent away. */
const stepSize = 500;

const noMessages: readonly Message[] = [];

/**
 * Where polls wait at this node. A poll is read from the store first; when there is nothing to say it is parked here,
 * always at its mailbox's tail, so that the next message appended is the next it needs and answers it without another
 * read. Whatever else happens to the mailbox makes it read again.
 */
@injectable()
export class WaitingRoom implements StoreListener {
  readonly #context: SessionContext;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #events: SessionEvents;
  readonly #mailboxes = new Map<string, WaitingMailbox>();
  readonly #holdTimes: HoldTimes<Waiter>;
  readonly #rereading: Rereading;
  #held = 0;
  #arrivals = 0;
  #questions = 0;
  #drained: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

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
    this.#holdTimes = new HoldTimes(clock, (waiter) => this.#timeOut(waiter));
    const everyone = () => this.#mailboxes.keys();
    this.#rereading = new Rereading(clock, context.hbTime, everyone, (id) => this.changed('', id));
  }

  /** Polls held here, or about to be. */
  get held(): number {
    return this.#held;
  }

  /**
   * Answers the poll now, or once there is something to say, or when its time is up.
   * @param secretHash when given, the poll fails unless it is the session's
   * @returns ends the poll without an answer, because its client is gone
   */
  poll(
    app: string,
    id: string,
    secretHash: string | undefined,
    request: PollRequest,
    receiver: PollReceiver,
  ): () => void {
    this.#arrivals += 1;
    const deadline = this.#clock.now() + request.wait;
    const turnedAway = request.wait > 0 && (this.#drained !== undefined || this.#held >= this.#context.maxWaiter);
    const waiter = new Waiter(app, id, request, receiver, this.#arrivals, deadline, turnedAway);
    // Counted before the store is asked, or a burst of polls would all find room.
    if (waiter.holds) this.#held += 1;
    void this.#serve(waiter, secretHash);
    return () => this.#hangUp(waiter);
  }

  appended(_app: string, id: string, epoch: string, message: Message): void {
    for (const waiter of this.#takeParked(id)) {
      if (waiter.epoch === epoch && waiter.offset + 1 === message.offset) {
        waiter.offset = message.offset;
        this.#answer(waiter, { messages: [message], cursor: formatCursor(epoch, message.offset), lost: 0 });
      } else {
        void this.#serve(waiter, undefined);
      }
    }
  }

  changed(_app: string, id: string): void {
    for (const waiter of this.#takeParked(id)) void this.#serve(waiter, undefined);
  }

  closed(_app: string, id: string, reason: CloseReason): void {
    for (const waiter of this.#takeParked(id)) {
      this.#answer(waiter, { ...quietBatch(waiter), closed: closedNotice(reason) });
    }
  }

  superseded(_app: string, id: string, reader: string, ticket: number): void {
    const mailbox = this.#mailboxes.get(id);
    if (mailbox === undefined) return;
    const isMeant = (waiter: Waiter) => waiter.question === ticket && waiter.request.reader === reader;
    for (const waiter of mailbox.parked.filter(isMeant)) this.#supersede(mailbox, waiter);
    // One that is reading still finds out when its answer comes.
    for (const waiter of mailbox.reading.filter(isMeant)) waiter.overtaken = true;
    this.#dropIfEmpty(id, mailbox);
  }

  missed(): void {
    this.#rereading.all();
  }

  /** From now on no poll is held; those held are answered with `retry`, within `drainTime`. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    const giveUpAt = this.#clock.now() + this.#context.drainTime;
    let answered = 0;
    for (const id of [...this.#mailboxes.keys()]) {
      for (const waiter of this.#takeParked(id)) {
        this.#release(waiter);
        this.#sendAway(waiter);
        answered += 1;
      }
      if (answered < stepSize) continue;
      answered = 0;
      await nextTurn();
      if (this.#clock.now() > giveUpAt) return;
    }
    await this.#emptyOr(giveUpAt);
  }

  /** Those that are still reading are sent away when their answers come. */
  #emptyOr(giveUpAt: number): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(Math.max(0, giveUpAt - this.#clock.now()), resolve);
      this.#onEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #sendAway(waiter: Waiter): void {
    this.#answer(waiter, { ...quietBatch(waiter), retry: this.#retry() });
  }

  /** Takes out whoever is parked there; a poll that is still reading will notice by the count. */
  #takeParked(id: string): Waiters {
    const mailbox = this.#mailboxes.get(id);
    if (mailbox === undefined) return nobody;
    mailbox.notices += 1;
    const waiters = mailbox.parked;
    mailbox.parked = nobody;
    for (const waiter of waiters) this.#holdTimes.remove(waiter);
    this.#dropIfEmpty(id, mailbox);
    return waiters;
  }

  /** One asynchronous function for all of it: each further one would cost a poll as much as its read. */
  async #serve(waiter: Waiter, secretHash: string | undefined): Promise<void> {
    const mailbox = this.#enter(waiter);
    try {
      let notices: number;
      let result: ReadResult | undefined;
      do {
        notices = mailbox.notices;
        result = undefined;
        try {
          result = await this.#store.read(waiter.app, waiter.id, this.#questionOf(waiter, secretHash));
          this.#rereading.forget(waiter.id);
        } catch (error) {
          this.#requireToOutlast(waiter, error);
        }
      } while (!this.#isAnsweredOrParked(mailbox, waiter, result, notices));
    } catch (error) {
      this.#fail(waiter, error);
    } finally {
      mailbox.reading = withoutWaiter(mailbox.reading, waiter);
      if (waiter.holdsPark && !mailbox.parked.includes(waiter)) this.#giveUpPark(mailbox, waiter);
      this.#dropIfEmpty(waiter.id, mailbox);
    }
  }

  #questionOf(waiter: Waiter, secretHash: string | undefined): ReadRequest {
    const { request, epoch, offset } = waiter;
    // One that stood somewhere before goes on from there; a draining reader's place is kept by the mailbox.
    const after = request.after === undefined || epoch === '' ? request.after : { epoch, offset };
    const wait = waiter.holds ? Math.max(0, waiter.deadline - this.#clock.now()) : 0;
    this.#questions += 1;
    waiter.question = this.#questions;
    return { reader: request.reader, after, limit: request.limit, wait, secretHash, ticket: waiter.question };
  }

  /** A poll that was held already goes on waiting while the store is away. For any other, throws. */
  #requireToOutlast(waiter: Waiter, error: unknown): void {
    if (!SessionError.is(error, 'STORE_UNAVAILABLE')) throw error;
    // The read may have been carried out all the same.
    waiter.holdsPark = waiter.holds;
    if (!waiter.holds || waiter.epoch === '') throw error;
    this.#rereading.later(waiter.id);
  }

  /**
   * @param result what the store said, if it did
   * @returns false when the store must be asked again, because it may have spoken too soon
   */
  #isAnsweredOrParked(
    mailbox: WaitingMailbox,
    waiter: Waiter,
    result: ReadResult | undefined,
    notices: number,
  ): boolean {
    if (result !== undefined) this.#takeIn(mailbox, waiter, result);
    if (waiter.settled) return true;
    if (waiter.overtaken || result?.parked === false) {
      const batch = result === undefined ? quietBatch(waiter) : this.#batchOf(waiter, result);
      // One that is superseded keeps its messages, because the cursor has passed them.
      this.#answer(waiter, waiter.overtaken ? { ...batch, superseded: true } : batch);
    } else if (this.#drained !== undefined) {
      this.#sendAway(waiter);
    } else if (mailbox.notices === notices) {
      mailbox.parked = withWaiter(mailbox.parked, waiter);
      this.#holdTimes.add(waiter);
    } else {
      return false;
    }
    return true;
  }

  #takeIn(mailbox: WaitingMailbox, waiter: Waiter, result: ReadResult): void {
    const { app, id } = waiter;
    waiter.epoch = result.epoch;
    waiter.offset = result.offset;
    if (result.parked) waiter.holdsPark = true;
    if (result.cameOnline) this.#events.emit('online', { app, id, accountId: result.accountId });
    this.#endOthers(mailbox, waiter, result);
  }

  /** Older polls of the same reader end, and so do those of a reader dropped for this one, unless it came back since. */
  #endOthers(mailbox: WaitingMailbox, waiter: Waiter, { droppedReader }: ReadResult): void {
    // The common case: nobody else is here.
    if (mailbox.parked.length === 0 && mailbox.reading.length === 1) return;
    const isDropped = (other: Waiter) => other.request.reader === droppedReader && other.question < waiter.question;
    for (const other of mailbox.parked) {
      if (isDropped(other)) {
        this.#supersede(mailbox, other);
      } else if (other.isRivalOf(waiter) && other.arrival < waiter.arrival) {
        this.#supersede(mailbox, other);
        waiter.holdsPark = true;
      }
    }
    // Those that are reading still find out when their answer comes.
    for (const other of mailbox.reading) {
      if (isDropped(other) || (other.isRivalOf(waiter) && other.arrival < waiter.arrival)) other.overtaken = true;
    }
  }

  #supersede(mailbox: WaitingMailbox, waiter: Waiter): void {
    mailbox.parked = withoutWaiter(mailbox.parked, waiter);
    this.#answer(waiter, { ...quietBatch(waiter), superseded: true });
  }

  #timeOut(waiter: Waiter): void {
    this.#leave(waiter);
    this.#answer(waiter, quietBatch(waiter));
  }

  #hangUp(waiter: Waiter): void {
    if (waiter.settled) return;
    this.#settle(waiter);
    this.#leave(waiter);
  }

  #leave(waiter: Waiter): void {
    const mailbox = this.#mailboxes.get(waiter.id);
    if (mailbox === undefined || !mailbox.parked.includes(waiter)) return;
    mailbox.parked = withoutWaiter(mailbox.parked, waiter);
    this.#giveUpPark(mailbox, waiter);
    this.#dropIfEmpty(waiter.id, mailbox);
  }

  /**
   * The reader need not stay parked for this poll any more. Another poll of it that is here may need it parked, and
   * would miss its wake-up if it were released now.
   */
  #giveUpPark(mailbox: WaitingMailbox, waiter: Waiter): void {
    if (mailbox.parked.some((other) => other.isRivalOf(waiter))) return;
    const heir = mailbox.reading.find((other) => other.isRivalOf(waiter));
    if (heir === undefined) this.#release(waiter);
    else heir.holdsPark = true;
  }

  #fail(waiter: Waiter, error: unknown): void {
    if (waiter.settled) return;
    this.#settle(waiter);
    waiter.receiver.fail(error);
  }

  #answer(waiter: Waiter, batch: Batch): void {
    this.#settle(waiter);
    try {
      waiter.receiver.deliver(batch, this.#acknowledgementOf(waiter, batch));
    } catch (error) {
      // It stands between a push and the other readers, whom it must not harm.
      reportFault('The receiver of a poll threw', error);
    }
  }

  #settle(waiter: Waiter): void {
    waiter.settled = true;
    this.#holdTimes.remove(waiter);
    if (!waiter.holds) return;
    this.#held -= 1;
    if (this.#held === 0) this.#onEmpty?.();
  }

  /** Only a draining poll needs one: with cursors, the next poll is the acknowledgement. */
  #acknowledgementOf(waiter: Waiter, batch: Batch): (() => void) | undefined {
    if (waiter.request.after !== undefined || (batch.messages.length === 0 && batch.lost === 0)) return undefined;
    const { app, id, request, epoch, offset } = waiter;
    return () => {
      this.#store.acknowledge(app, id, request.reader, epoch, offset).catch(() => {
        // The store is away: the messages stay, and are given again.
      });
    };
  }

  #release(waiter: Waiter): void {
    this.#store.release(waiter.app, waiter.id, waiter.request.reader).catch(() => {
      // The store is away: it will find out by itself that the wait is over.
    });
  }

  #batchOf(waiter: Waiter, { messages, lost, reset }: ReadResult): Batch {
    const batch: Batch = { messages, cursor: formatCursor(waiter.epoch, waiter.offset), lost };
    const isTurnedAway = waiter.turnedAway && messages.length === 0;
    if (!reset && !isTurnedAway) return batch;
    return { ...batch, ...(reset && { reset }), ...(isTurnedAway && { retry: this.#retry() }) };
  }

  /** Spread at random, so that clients that were sent away together don't come back together. */
  #retry(): number {
    const { hbTime, drainTime } = this.#context;
    return Math.round(hbTime / 2 + Math.random() * Math.max(hbTime, drainTime));
  }

  #enter(waiter: Waiter): WaitingMailbox {
    let mailbox = this.#mailboxes.get(waiter.id);
    if (mailbox === undefined) {
      mailbox = new WaitingMailbox();
      this.#mailboxes.set(waiter.id, mailbox);
    }
    mailbox.reading = withWaiter(mailbox.reading, waiter);
    waiter.holdsPark = false;
    return mailbox;
  }

  #dropIfEmpty(id: string, mailbox: WaitingMailbox): void {
    if (!mailbox.isEmpty || this.#mailboxes.get(id) !== mailbox) return;
    this.#mailboxes.delete(id);
    this.#rereading.forget(id);
  }
}

function quietBatch(waiter: Waiter): Batch {
  return { messages: noMessages, cursor: formatCursor(waiter.epoch, waiter.offset), lost: 0 };
}
