import { setImmediate as nextTurn } from 'node:timers/promises';
import { inject, injectable } from 'inversify';
import type { Batch } from './batch.js';
import { Clock } from './clock.js';
import { type CloseReason, closedNotice } from './close-reason.js';
import { formatCursor } from './cursor.js';
import type { Message } from './message.js';
import type { PollReceiver, PollRequest } from './poll-request.js';
import { SessionContext } from './session-context.js';
import { SessionError } from './session-error.js';
import { SessionEvents } from './session-events.js';
import { type ReadResult, SessionStore, type StoreListener } from './session-store.js';
import { ofReader, removeWaiter, Waiter, WaitingMailbox } from './waiter.js';

/** Waiters answered in one turn of the event loop when all are sent away. */
const drainStep = 500;

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
  #held = 0;
  #arrivals = 0;
  #draining = false;

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
    const turnedAway = request.wait > 0 && (this.#draining || this.#held >= this.#context.maxWaiter);
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

  missed(): void {
    for (const id of [...this.#mailboxes.keys()]) this.changed('', id);
  }

  /** From now on no poll is held; those held are answered with `retry`, spread over `drainTime`. */
  async drain(): Promise<void> {
    this.#draining = true;
    const giveUpAt = this.#clock.now() + this.#context.drainTime;
    let answered = 0;
    for (const id of [...this.#mailboxes.keys()]) {
      for (const waiter of this.#takeParked(id)) {
        this.#sendAway(waiter);
        answered += 1;
      }
      if (answered < drainStep) continue;
      answered = 0;
      await nextTurn();
      if (this.#clock.now() > giveUpAt) return;
    }
  }

  /** Takes out whoever is parked there; a poll that is still reading will notice by the count. */
  #takeParked(id: string): readonly Waiter[] {
    const mailbox = this.#mailboxes.get(id);
    if (mailbox === undefined) return [];
    mailbox.notices += 1;
    const waiters = mailbox.parked.splice(0);
    for (const waiter of waiters) waiter.timer?.cancel();
    this.#dropIfEmpty(id, mailbox);
    return waiters;
  }

  async #serve(waiter: Waiter, secretHash: string | undefined): Promise<void> {
    const mailbox = this.#enter(waiter);
    try {
      await this.#readOrPark(mailbox, waiter, secretHash);
    } catch (error) {
      this.#fail(waiter, error);
    } finally {
      removeWaiter(mailbox.reading, waiter);
      this.#dropIfEmpty(waiter.id, mailbox);
    }
  }

  async #readOrPark(mailbox: WaitingMailbox, waiter: Waiter, secretHash: string | undefined): Promise<void> {
    const wasParked = waiter.epoch !== '';
    for (;;) {
      const { notices } = mailbox;
      const result = await (wasParked ? this.#readUnlessAway(waiter) : this.#read(waiter, secretHash));
      if (result !== undefined) {
        this.#endOthers(mailbox, waiter, result);
        if (waiter.settled) {
          // Its client hung up meanwhile, or a newer poll of the same reader is parked, which keeps the reader parked.
          if (result.parked && ofReader(mailbox.parked, waiter.request.reader) === undefined) this.#release(waiter);
          return;
        }
        if (!result.parked) {
          this.#answer(waiter, this.#batchOf(waiter, result));
          return;
        }
      }
      // A notice that came during the read may be of what the read did not see, or may say that the store is back.
      if (mailbox.notices === notices) {
        this.#park(mailbox, waiter);
        return;
      }
    }
  }

  /** A poll that was held already outlasts a store that is away; the store says when to read again. */
  async #readUnlessAway(waiter: Waiter): Promise<ReadResult | undefined> {
    try {
      return await this.#read(waiter, undefined);
    } catch (error) {
      if (waiter.settled || !SessionError.is(error, 'STORE_UNAVAILABLE')) throw error;
      return undefined;
    }
  }

  async #read(waiter: Waiter, secretHash: string | undefined): Promise<ReadResult> {
    const { app, id, request, epoch, offset } = waiter;
    // One that stood somewhere before goes on from there; a draining reader's place is kept by the mailbox.
    const after = request.after === undefined || epoch === '' ? request.after : { epoch, offset };
    const wait = waiter.holds ? Math.max(0, waiter.deadline - this.#clock.now()) : 0;
    const { reader, limit } = request;
    const result = await this.#store.read(app, id, { reader, after, limit, wait, secretHash });
    waiter.epoch = result.epoch;
    waiter.offset = result.offset;
    if (result.cameOnline) this.#events.emit('online', { app, id, accountId: result.accountId });
    return result;
  }

  /** The older poll of the same reader ends, and so does that of a reader dropped for this one. */
  #endOthers(mailbox: WaitingMailbox, waiter: Waiter, { droppedReader }: ReadResult): void {
    if (droppedReader !== undefined) this.#supersede(mailbox, ofReader(mailbox.parked, droppedReader));
    const other = ofReader(mailbox.parked, waiter.request.reader);
    if (other === undefined || other.arrival < waiter.arrival) this.#supersede(mailbox, other);
    else if (!waiter.settled) this.#answer(waiter, { ...quietBatch(waiter), superseded: true });
  }

  #supersede(mailbox: WaitingMailbox, waiter: Waiter | undefined): void {
    if (waiter === undefined) return;
    removeWaiter(mailbox.parked, waiter);
    this.#answer(waiter, { ...quietBatch(waiter), superseded: true });
  }

  #park(mailbox: WaitingMailbox, waiter: Waiter): void {
    // It was reading when the drain passed by.
    if (this.#draining) {
      this.#sendAway(waiter);
      return;
    }
    mailbox.parked.push(waiter);
    const left = Math.max(0, waiter.deadline - this.#clock.now());
    waiter.timer = this.#clock.setTimer(left, () => this.#timeOut(mailbox, waiter));
  }

  #sendAway(waiter: Waiter): void {
    this.#release(waiter);
    this.#answer(waiter, { ...quietBatch(waiter), retry: this.#retry() });
  }

  #timeOut(mailbox: WaitingMailbox, waiter: Waiter): void {
    this.#leave(mailbox, waiter);
    this.#answer(waiter, quietBatch(waiter));
  }

  #hangUp(waiter: Waiter): void {
    if (waiter.settled) return;
    this.#settle(waiter);
    const mailbox = this.#mailboxes.get(waiter.id);
    if (mailbox !== undefined) this.#leave(mailbox, waiter);
  }

  #leave(mailbox: WaitingMailbox, waiter: Waiter): void {
    if (!removeWaiter(mailbox.parked, waiter)) return;
    const newer = ofReader(mailbox.reading, waiter.request.reader);
    // The newer poll's read may have parked the reader anew already: releasing it now would make it miss its wake-up.
    if (newer === undefined) this.#release(waiter);
    else newer.inheritsPark = true;
    this.#dropIfEmpty(waiter.id, mailbox);
  }

  #fail(waiter: Waiter, error: unknown): void {
    if (waiter.inheritsPark) this.#release(waiter);
    if (waiter.settled) return;
    this.#settle(waiter);
    waiter.receiver.fail(error);
  }

  #answer(waiter: Waiter, batch: Batch): void {
    this.#settle(waiter);
    waiter.receiver.deliver(batch, this.#acknowledgementOf(waiter, batch));
  }

  #settle(waiter: Waiter): void {
    waiter.settled = true;
    waiter.timer?.cancel();
    if (waiter.holds) this.#held -= 1;
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
    mailbox.reading.push(waiter);
    return mailbox;
  }

  #dropIfEmpty(id: string, mailbox: WaitingMailbox): void {
    if (mailbox.isEmpty && this.#mailboxes.get(id) === mailbox) this.#mailboxes.delete(id);
  }
}

function quietBatch(waiter: Waiter): Batch {
  return { messages: noMessages, cursor: formatCursor(waiter.epoch, waiter.offset), lost: 0 };
}
