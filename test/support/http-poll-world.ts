import { strict as assert } from 'node:assert';
import { Container } from 'inversify';
import type { ManualClock } from '../../src/conformance/manual-clock.js';
import {
  type Batch,
  Clock,
  SessionContext,
  type SessionContextOptions,
  SessionError,
  SessionManager,
  sessionModule,
} from '../../src/index.js';
import { ClientLedger, offsetOf, type Pushed } from './http-client-ledger.js';
import { type Place, placeOf, type ReferenceBatch, ReferenceMailbox } from './http-reference-mailbox.js';
import { answerTo, type Pending, type PollStage, plain, span } from './poll-stage.js';

const drainer = 'drainer';
const holdTime = 4_500;
const everything = 1_000;

/** A session, its clients and the reference that they are compared with, all in one process with one clock. */
export class PollWorld {
  readonly #stage: PollStage;
  readonly #clock: ManualClock;
  readonly #context: SessionContext;
  readonly #options: SessionContextOptions;
  readonly #reference: ReferenceMailbox;
  readonly #pushed = new Map<number, Pushed>();
  readonly #ledgers = new Map<string, ClientLedger>();
  readonly #pending = new Map<string, Pending>();
  readonly #drained = new Set<number>();
  #containers: readonly Container[] = [];
  #managers: readonly SessionManager[] = [];
  #turn = 0;
  #id = '';
  #count = 0;
  isClosed = false;

  private constructor(options: SessionContextOptions, stage: PollStage) {
    // Only the commands end anything: the session lives longer than the test.
    this.#options = { ...options, gcTime: 1_000_000_000, pollTime: 5_000, hbGrace: 2_000 };
    this.#context = new SessionContext(this.#options);
    this.#stage = stage;
    this.#clock = stage.clock;
    this.#reference = new ReferenceMailbox(this.#context);
  }

  static async open(options: SessionContextOptions, stage: PollStage): Promise<PollWorld> {
    const world = new PollWorld(options, stage);
    await world.#start();
    world.#id = (await world.manager.createSession('alice')).id;
    return world;
  }

  /** The manager of the service. With several nodes, a different node each time. */
  get manager(): SessionManager {
    this.#turn += 1;
    const manager = this.#managers[this.#turn % this.#managers.length];
    if (manager === undefined) throw new Error('The service is not running');
    return manager;
  }

  async push(key: string | undefined): Promise<void> {
    // Messages of the same millisecond have the same proof, so that fewer cursors would be refused.
    await this.advance(1);
    this.#count += 1;
    const data = { number: this.#count };
    const now = this.#clock.now();
    const expected = this.#reference.push(data, key, now);
    if (expected !== 'refused') this.#pushed.set(this.#reference.tail, { data, key });
    const report = await this.manager.push(this.#id, data, key === undefined ? {} : { key }).catch((error) => {
      assert.ok(SessionError.is(error));
      return error.code;
    });
    await this.#clock.settle();
    if (expected === 'accepted') assert.deepEqual(report, { accepted: 1, dropped: 0, refused: 0 });
    if (expected === 'dropped') assert.deepEqual(report, { accepted: 0, dropped: 1, refused: 0 });
    if (expected !== 'refused') await this.#expectWoken(expected === 'accepted');
    else if (this.#context.onOverflow === 'reject') assert.equal(report, 'MAILBOX_FULL');
    else await this.#expectClosed(report);
  }

  async poll(reader: string, limit: number | undefined, adopts: boolean): Promise<void> {
    const ledger = this.#ledgerOf(reader);
    await this.#read(reader, ledger.cursor, limit, adopts);
  }

  async retry(reader: string, limit: number | undefined, back: number): Promise<void> {
    const { past } = this.#ledgerOf(reader);
    const cursor = past[past.length - 1 - back];
    if (cursor !== undefined) await this.#read(reader, cursor, limit, false);
  }

  async hold(reader: string): Promise<void> {
    const { cursor } = this.#ledgerOf(reader);
    await this.#startHold(reader, cursor);
  }

  async hangUp(reader: string): Promise<void> {
    const pending = this.#pending.get(reader);
    if (pending === undefined) return;
    pending.abort.abort();
    this.#pending.delete(reader);
    this.#reference.setParked(reader, false, this.#clock.now());
    await this.#clock.settle();
    assert.equal(pending.outcome, 'aborted');
  }

  async drain(limit: number | undefined): Promise<void> {
    const expected = this.#reference.read(drainer, undefined, this.#most(limit), this.#clock.now());
    this.#reference.acknowledge(drainer, this.#reference.givenTo(drainer), this.#clock.now());
    const options = limit === undefined ? {} : { limit };
    const batch = await this.manager.poll(this.#id, { reader: drainer, wait: 0, ...options });
    // The node acknowledges the batch after the poll. Another node might be asked before that has arrived.
    await this.#clock.settle();
    await this.#expectSuperseded(drainer);
    assert.deepEqual(plain(batch), { ...expected, cursor: batch.cursor });
    this.#takeDrained(batch);
  }

  async holdDrain(): Promise<void> {
    await this.#startHold(drainer, undefined);
  }

  async advance(by: number): Promise<void> {
    const end = this.#clock.now() + by;
    await this.#clock.advance(by);
    for (const [reader, { deadline, outcome, from }] of this.#pending) {
      if (deadline > end) continue;
      assert.notEqual(outcome, 'open', `${reader} was held beyond its time`);
      assert.ok(typeof outcome === 'object' && outcome.messages.length === 0 && outcome.lost === 0);
      assert.equal(offsetOf(outcome.cursor), from);
      this.#pending.delete(reader);
      this.#reference.setParked(reader, false, deadline);
    }
  }

  async restart(): Promise<void> {
    await this.#stop();
    await this.#clock.settle();
    for (const [reader, { outcome }] of this.#pending) {
      assert.ok(typeof outcome === 'object' && outcome.retry !== undefined);
      this.#reference.setParked(reader, false, this.#clock.now());
    }
    this.#pending.clear();
    if (this.#stage.forgivesDowntime) this.#reference.restart(this.#clock.now());
    await this.#start();
  }

  /** Every client polls once more. Then no message may be missing. */
  async settleUp(): Promise<void> {
    if (this.isClosed) return;
    for (const [reader, ledger] of this.#ledgers) {
      await this.poll(reader, undefined, true);
      assert.equal(ledger.offset, this.#reference.tail);
      for (const { offset } of this.#reference.kept(this.#clock.now())) assert.ok(ledger.received.has(offset));
    }
    const { undelivered } = await this.manager.getSession(this.#id);
    assert.equal(undelivered, this.#reference.kept(this.#clock.now()).length);
  }

  async close(): Promise<void> {
    await this.#stop();
    assert.equal(this.#clock.pending, 0, 'a timer outlived the service');
  }

  async #start(): Promise<void> {
    this.#containers = Array.from({ length: this.#stage.nodes ?? 1 }, () => new Container());
    for (const container of this.#containers) {
      container.bind(Clock).toConstantValue(this.#clock);
      container.load(sessionModule(this.#options, this.#stage.store));
    }
    this.#managers = await Promise.all(this.#containers.map((container) => container.getAsync(SessionManager)));
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.unbindAllAsync()));
  }

  async #read(reader: string, after: string, limit: number | undefined, adopts: boolean): Promise<void> {
    const place = after === '' ? '' : placeOf(after);
    const from = place === '' ? '' : place.offset;
    const now = this.#clock.now();
    const options = limit === undefined ? {} : { limit };
    const batch = await this.manager.poll(this.#id, { reader, after, wait: 0, ...options });
    const expected = this.#reference.read(reader, place, this.#most(limit), now);
    await this.#expectSuperseded(reader);
    this.#expectBatch(batch, expected, place);
    const start = from === '' ? expected.offset - span(expected) : from;
    // Without a cursor, the client learns from the batch where it starts. The reference has already checked the batch.
    if (from !== '' && !batch.reset) this.#ledgerOf(reader).take(start, batch, adopts);
    else if (adopts) this.#ledgerOf(reader).adopt(batch);
  }

  /** Checks a batch. Only for a place behind the floor, more may be reported as lost than was lost. */
  #expectBatch(batch: Batch, expected: ReferenceBatch, place: Place | '' | undefined): void {
    const mayOvercount = typeof place === 'object' && place.offset < this.#reference.floor;
    const lost = mayOvercount ? Math.max(batch.lost, expected.lost) : expected.lost;
    assert.deepEqual(plain(batch), { ...expected, cursor: batch.cursor, lost });
  }

  async #startHold(reader: string, after: string | undefined): Promise<void> {
    const from = after === undefined || after === '' ? after : offsetOf(after);
    const now = this.#clock.now();
    const abort = new AbortController();
    const pending: Pending = { from: 0, deadline: now + holdTime, abort, outcome: 'open' };
    const { signal } = abort;
    const options = after === undefined ? {} : { after };
    this.manager.poll(this.#id, { reader, wait: holdTime, signal, ...options }).then(
      (batch) => {
        pending.outcome = batch;
      },
      () => {
        pending.outcome = 'aborted';
      },
    );
    await this.#clock.settle();
    const place = after === undefined || after === '' ? after : placeOf(after);
    const expected = this.#reference.read(reader, place, this.#most(undefined), now);
    const isQuiet = expected.messages.length === 0 && expected.lost === 0 && !expected.reset;
    await this.#expectSuperseded(reader);
    if (isQuiet) {
      assert.equal(pending.outcome, 'open');
      pending.from = expected.offset;
      this.#reference.setParked(reader, true, now);
      this.#pending.set(reader, pending);
      return;
    }
    assert.ok(typeof pending.outcome === 'object');
    const batch = pending.outcome;
    this.#expectBatch(batch, expected, place);
    if (after === undefined) this.#acknowledgeDrain(batch);
    else if (from === '' || batch.reset) this.#ledgerOf(reader).adopt(batch);
    else this.#ledgerOf(reader).take(offsetOf(after), batch, true);
  }

  /** Checks that the push answered every parked poll: with the message, or with the report that it was dropped. */
  async #expectWoken(accepted: boolean): Promise<void> {
    const now = this.#clock.now();
    const woken = [...this.#pending];
    this.#pending.clear();
    for (const [reader] of woken) this.#reference.setParked(reader, false, now);
    for (const [reader, pending] of woken) {
      const { from } = pending;
      const outcome = await answerTo(pending, `${reader} was not woken`);
      assert.equal(outcome.messages.length, accepted ? 1 : 0);
      assert.equal(outcome.lost, accepted ? 0 : 1);
      // A drop is read from the mailbox, which moves the reader. A message is forwarded without a read.
      const place = reader === drainer ? undefined : this.#reference.givenTo(reader);
      if (!accepted) this.#reference.read(reader, place, everything, now);
      if (reader === drainer) this.#acknowledgeDrain(outcome);
      else this.#ledgerOf(reader).take(from, outcome, true);
    }
    await this.#clock.settle();
  }

  async #expectClosed(code: unknown): Promise<void> {
    assert.equal(code, 'SESSION_CLOSED');
    for (const [reader, pending] of this.#pending) {
      const { closed } = await answerTo(pending, `${reader} was not told`);
      assert.equal(closed?.code, 'overflow');
    }
    this.#pending.clear();
    this.isClosed = true;
  }

  async #expectSuperseded(reader: string): Promise<void> {
    const pending = this.#pending.get(reader);
    if (pending === undefined) return;
    const { superseded } = await answerTo(pending, `${reader} was not superseded`);
    assert.equal(superseded, true);
    this.#pending.delete(reader);
  }

  #acknowledgeDrain(batch: Batch): void {
    this.#reference.acknowledge(drainer, placeOf(batch.cursor), this.#clock.now());
    this.#takeDrained(batch);
  }

  #takeDrained(batch: Batch): void {
    for (const { offset } of batch.messages) {
      assert.ok(!this.#drained.has(offset), `offset ${offset} was drained twice`);
      this.#drained.add(offset);
    }
  }

  #ledgerOf(reader: string): ClientLedger {
    let ledger = this.#ledgers.get(reader);
    if (ledger === undefined) {
      ledger = new ClientLedger(this.#pushed);
      this.#ledgers.set(reader, ledger);
    }
    return ledger;
  }

  #most(limit: number | undefined): number {
    return Math.min(limit ?? everything, this.#context.msgMaxLength);
  }
}
