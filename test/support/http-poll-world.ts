import { strict as assert } from 'node:assert';
import { Container } from 'inversify';
import {
  type Batch,
  Clock,
  memoryStore,
  SessionContext,
  type SessionContextOptions,
  SessionError,
  SessionManager,
  sessionModule,
} from '../../src/index.js';
import { ClientLedger, offsetOf, type Pushed } from './http-client-ledger.js';
import { ReferenceMailbox } from './http-reference-mailbox.js';
import { ManualClock, settle } from './manual-clock.js';

const drainer = 'drainer';
const holdTime = 4_500;
const everything = 1_000;

interface Pending {
  readonly from: number;
  readonly deadline: number;
  readonly abort: AbortController;
  outcome: Batch | 'open' | 'aborted';
}

/** One session, its clients and the reference they are held against, all in one process and one thread of time. */
export class PollWorld {
  readonly #clock = new ManualClock();
  readonly #context: SessionContext;
  readonly #options: SessionContextOptions;
  readonly #snapshot: string;
  readonly #reference: ReferenceMailbox;
  readonly #pushed = new Map<number, Pushed>();
  readonly #ledgers = new Map<string, ClientLedger>();
  readonly #pending = new Map<string, Pending>();
  readonly #drained = new Set<number>();
  #container = new Container();
  #manager: SessionManager | undefined;
  #id = '';
  #count = 0;
  isClosed = false;

  private constructor(options: SessionContextOptions, snapshot: string) {
    // Nothing but the commands ends anything: the session outlives the test.
    this.#options = { ...options, gcTime: 1_000_000_000, pollTime: 5_000, hbGrace: 2_000 };
    this.#context = new SessionContext(this.#options);
    this.#snapshot = snapshot;
    this.#reference = new ReferenceMailbox(this.#context);
  }

  static async open(options: SessionContextOptions, snapshot: string): Promise<PollWorld> {
    const world = new PollWorld(options, snapshot);
    await world.#start();
    world.#id = (await world.manager.createSession('alice')).id;
    return world;
  }

  get manager(): SessionManager {
    if (this.#manager === undefined) throw new Error('The service is not running');
    return this.#manager;
  }

  async push(key: string | undefined): Promise<void> {
    this.#count += 1;
    const data = { number: this.#count };
    const now = this.#clock.now();
    const expected = this.#reference.push(data, key, now);
    if (expected !== 'refused') this.#pushed.set(this.#reference.tail, { data, key });
    const report = await this.manager.push(this.#id, data, key === undefined ? {} : { key }).catch((error) => {
      assert.ok(SessionError.is(error));
      return error.code;
    });
    await settle();
    if (expected === 'accepted') assert.deepEqual(report, { accepted: 1, dropped: 0, refused: 0 });
    if (expected === 'dropped') assert.deepEqual(report, { accepted: 0, dropped: 1, refused: 0 });
    if (expected !== 'refused') this.#expectWoken(expected === 'accepted');
    else if (this.#context.onOverflow === 'reject') assert.equal(report, 'MAILBOX_FULL');
    else this.#expectClosed(report);
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
    await settle();
    assert.equal(pending.outcome, 'aborted');
  }

  async drain(limit: number | undefined): Promise<void> {
    const expected = this.#reference.read(drainer, undefined, this.#most(limit), this.#clock.now());
    this.#reference.acknowledge(drainer, expected.offset, this.#clock.now());
    const options = limit === undefined ? {} : { limit };
    const batch = await this.manager.poll(this.#id, { reader: drainer, wait: 0, ...options });
    this.#expectSuperseded(drainer);
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
    await this.#container.unbindAllAsync();
    await settle();
    for (const { outcome } of this.#pending.values())
      assert.ok(typeof outcome === 'object' && outcome.retry !== undefined);
    this.#pending.clear();
    this.#reference.restart(this.#clock.now());
    await this.#start();
  }

  /** Every client comes back once more; then nothing may be open. */
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
    await this.#container.unbindAllAsync();
    assert.equal(this.#clock.pending, 0, 'a timer outlived the service');
  }

  async #start(): Promise<void> {
    this.#container = new Container();
    this.#container.bind(Clock).toConstantValue(this.#clock);
    this.#container.load(sessionModule(this.#options, memoryStore({ snapshot: { path: this.#snapshot } })));
    this.#manager = await this.#container.getAsync(SessionManager);
  }

  async #read(reader: string, after: string, limit: number | undefined, adopts: boolean): Promise<void> {
    const from = after === '' ? '' : offsetOf(after);
    const mayOvercount = from !== '' && from < this.#reference.lowestCursor;
    const expected = this.#reference.read(reader, from, this.#most(limit), this.#clock.now());
    const options = limit === undefined ? {} : { limit };
    const batch = await this.manager.poll(this.#id, { reader, after, wait: 0, ...options });
    this.#expectSuperseded(reader);
    const lost = mayOvercount ? Math.max(batch.lost, expected.lost) : expected.lost;
    assert.deepEqual(plain(batch), { ...expected, cursor: batch.cursor, lost });
    const start = from === '' ? expected.offset - span(expected) : from;
    // Without a cursor the client learns from the batch where it starts; the reference has checked the rest.
    if (from !== '') this.#ledgerOf(reader).take(start, batch, adopts);
    else if (adopts) adoptFirst(this.#ledgerOf(reader), batch);
  }

  async #startHold(reader: string, after: string | undefined): Promise<void> {
    const from = after === undefined || after === '' ? after : offsetOf(after);
    const now = this.#clock.now();
    const expected = this.#reference.read(reader, from, this.#most(undefined), now);
    const isQuiet = expected.messages.length === 0 && expected.lost === 0;
    const pending: Pending = {
      from: expected.offset,
      deadline: now + holdTime,
      abort: new AbortController(),
      outcome: 'open',
    };
    const { signal } = pending.abort;
    const options = after === undefined ? {} : { after };
    this.manager.poll(this.#id, { reader, wait: holdTime, signal, ...options }).then(
      (batch) => {
        pending.outcome = batch;
      },
      () => {
        pending.outcome = 'aborted';
      },
    );
    await settle();
    this.#expectSuperseded(reader);
    if (isQuiet) {
      assert.equal(pending.outcome, 'open');
      this.#reference.setParked(reader, true, now);
      this.#pending.set(reader, pending);
      return;
    }
    assert.ok(typeof pending.outcome === 'object');
    const batch = pending.outcome;
    const mayOvercount = typeof from === 'number' && batch.lost > expected.lost;
    if (!mayOvercount) assert.deepEqual(plain(batch), { ...expected, cursor: batch.cursor });
    if (after === undefined) this.#acknowledgeDrain(batch);
    else if (from === '') adoptFirst(this.#ledgerOf(reader), batch);
    else this.#ledgerOf(reader).take(offsetOf(after), batch, true);
  }

  /** Everyone parked was answered by the push: with the message, or with the news that it was dropped. */
  #expectWoken(accepted: boolean): void {
    const now = this.#clock.now();
    const woken = [...this.#pending];
    this.#pending.clear();
    for (const [reader] of woken) this.#reference.setParked(reader, false, now);
    for (const [reader, { from, outcome }] of woken) {
      assert.ok(typeof outcome === 'object', `${reader} was not woken`);
      assert.equal(outcome.messages.length, accepted ? 1 : 0);
      assert.equal(outcome.lost, accepted ? 0 : 1);
      // The news of a drop is read from the mailbox, which moves the reader; a message is handed on as it comes.
      if (!accepted) this.#reference.read(reader, reader === drainer ? undefined : from, everything, now);
      if (reader === drainer) this.#acknowledgeDrain(outcome);
      else this.#ledgerOf(reader).take(from, outcome, true);
    }
  }

  #expectClosed(code: unknown): void {
    assert.equal(code, 'SESSION_CLOSED');
    for (const { outcome } of this.#pending.values()) {
      assert.ok(typeof outcome === 'object' && outcome.closed?.code === 'overflow');
    }
    this.#pending.clear();
    this.isClosed = true;
  }

  #expectSuperseded(reader: string): void {
    const pending = this.#pending.get(reader);
    if (pending === undefined) return;
    assert.ok(typeof pending.outcome === 'object' && pending.outcome.superseded === true);
    this.#pending.delete(reader);
  }

  #acknowledgeDrain(batch: Batch): void {
    this.#reference.acknowledge(drainer, offsetOf(batch.cursor), this.#clock.now());
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

function plain(batch: Batch): object {
  const messages = batch.messages.map(({ offset, at, data }) => ({ offset, at, data }));
  return { ...batch, messages, offset: offsetOf(batch.cursor) };
}

function span({ messages, lost }: { readonly messages: readonly unknown[]; readonly lost: number }): number {
  return messages.length + lost;
}

function adoptFirst(ledger: ClientLedger, batch: Batch): void {
  for (const { offset } of batch.messages) ledger.received.add(offset);
  ledger.cursor = batch.cursor;
  ledger.offset = offsetOf(batch.cursor);
  ledger.past.push(batch.cursor);
}
