// @own-worker: this test keeps the processor busy, and other tests of the same worker would wait.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { memoryStore, SessionError } from '../../src/index.js';
import fc from '../support/fast-check.js';
import type { Connection } from '../support/http-client.js';
import { ClientLedger, offsetOf, type Pushed } from '../support/http-client-ledger.js';
import { Kit, pollPath, until, type WireBatch } from '../support/http-kit.js';

const readers = ['a', 'b', 'c'] as const;
const reader = fc.constantFrom(...readers);
const drainer = 'drainer';

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom(undefined, undefined, 'k') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('poll' as const), reader, adopts: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('twice' as const), reader, wait: fc.constantFrom(0, 60_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retry' as const), reader, back: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('held' as const), reader, hangsUp: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('abandon' as const), reader: fc.option(reader, { nil: drainer }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), limit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('age' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

interface Bounds {
  readonly msgMaxLength: number;
  readonly onOverflow: 'drop-oldest' | 'drop-newest' | 'reject';
  readonly messageTtl: number;
}

const bounds: fc.Arbitrary<Bounds> = fc.record({
  msgMaxLength: fc.integer({ min: 1, max: 6 }),
  onOverflow: fc.constantFrom('drop-oldest', 'drop-newest', 'reject'),
  messageTtl: fc.constantFrom(0, 5_000),
});

/** One session and its clients, each with separate sockets, across restarts of the server. */
class Endpoint {
  readonly #clock = new ManualClock();
  readonly #bounds: Bounds;
  readonly #snapshot: string;
  readonly #pushed = new Map<number, Pushed>();
  readonly #ledgers = new Map(readers.map((name) => [name, new ClientLedger(this.#pushed)]));
  readonly #drained = new Set<number>();
  #kit: Kit | undefined;
  #id = '';
  #token = '';
  #tail = 0;
  #dropped = 0;

  constructor(each: Bounds, snapshot: string) {
    this.#bounds = each;
    this.#snapshot = snapshot;
  }

  get kit(): Kit {
    if (this.#kit === undefined) throw new Error('The server is not running');
    return this.#kit;
  }

  async start(): Promise<void> {
    const context = { ...this.#bounds, gcTime: 1_000_000_000, pollTime: 100_000_000 };
    const store = memoryStore({ snapshot: { path: this.#snapshot } });
    this.#kit = await Kit.start('fastify', { context, store, clock: this.#clock });
    this.kit.manager.on('overflow', ({ dropped }) => {
      this.#dropped += dropped;
    });
    if (this.#id !== '') return;
    const session = await this.kit.logIn();
    this.#id = session.id;
    this.#token = session.token;
    for (const name of readers) await this.poll(name, true);
  }

  async push(key: string | undefined): Promise<void> {
    const data = { number: this.#pushed.size, padding: 'x'.repeat(100) };
    try {
      // Record the message before it can arrive.
      this.#pushed.set(this.#tail + 1, { data, key });
      await this.kit.manager.push(this.#id, data, key === undefined ? {} : { key });
      this.#tail += 1;
    } catch (error) {
      this.#pushed.delete(this.#tail + 1);
      assert.ok(SessionError.is(error, 'MAILBOX_FULL') && this.#bounds.onOverflow === 'reject', String(error));
    }
  }

  async poll(name: string, adopts: boolean): Promise<WireBatch> {
    const { cursor, offset } = this.#ledgerOf(name);
    const batch = await this.kit.poll(this.#token, { reader: name, after: cursor });
    this.#ledgerOf(name).take(offset, batch, adopts);
    return batch;
  }

  /** Sends the same poll on two connections at the same time, as a page that reloads does. */
  async twice(name: string, wait: number): Promise<void> {
    const ledger = this.#ledgerOf(name);
    const { cursor, offset } = ledger;
    const path = pollPath({ reader: name, after: cursor, wait: String(wait) });
    const connections = [await this.kit.open(), await this.kit.open()];
    for (const connection of connections) connection.send(path, { token: this.#token });
    const batches = await Promise.all(connections.map((connection) => this.#answerTo(connection)));
    for (const batch of batches) ledger.take(offset, batch, false);
    const latest = batches.toSorted((one, other) => offsetOf(one.cursor) - offsetOf(other.cursor)).at(-1);
    if (latest !== undefined) ledger.take(offset, latest, true);
  }

  async retry(name: string, back: number): Promise<void> {
    const ledger = this.#ledgerOf(name);
    const cursor = ledger.past[ledger.past.length - 1 - back];
    if (cursor === undefined) return;
    const batch = await this.kit.poll(this.#token, { reader: name, after: cursor });
    ledger.take(offsetOf(cursor), batch, false);
  }

  /** Sends a poll that is held, because there are no messages. Then its client disconnects, or a push wakes the poll. */
  async held(name: string, hangsUp: boolean): Promise<void> {
    while ((await this.poll(name, true)).messages.length > 0);
    const { cursor, offset } = this.#ledgerOf(name);
    const held = await this.kit.hold(this.#token, { reader: name, after: cursor });
    if (hangsUp) {
      held.connection.reset();
      await until(() => this.kit.room.held === 0);
      return;
    }
    while (this.kit.room.held > 0) await this.#pushOrGiveUp(held.connection);
    if (!held.connection.isClosed) this.#ledgerOf(name).take(offset, await held.batch(), true);
  }

  /** Sends a poll and disconnects before, during or after the answer. It is unknown which of these happens. */
  async abandon(name: string): Promise<void> {
    const connection = await this.kit.open();
    const query = name === drainer ? { reader: name } : { reader: name, after: this.#ledgerOf(name).cursor };
    connection.send(pollPath({ ...query, wait: '0' }), { token: this.#token });
    connection.reset();
    await connection.closed();
  }

  async drain(limit: number): Promise<void> {
    const batch = await this.kit.poll(this.#token, { reader: drainer, limit: String(limit) });
    for (const { offset } of batch.messages) {
      assert.ok(!this.#drained.has(offset), `offset ${offset} was drained twice`);
      this.#drained.add(offset);
    }
  }

  async age(): Promise<void> {
    await this.#clock.advance(3_000);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kit.close();
    this.#kit = undefined;
  }

  async settleUp(): Promise<void> {
    for (const name of readers) {
      const ledger = this.#ledgerOf(name);
      while (ledger.offset < this.#tail) await this.poll(name, true);
      const never = [...this.#pushed.keys()].filter((offset) => !ledger.received.has(offset));
      const keyed = never.filter((offset) => this.#pushed.get(offset)?.key !== undefined).length;
      assert.ok(ledger.lost <= never.length && ledger.lost >= never.length - keyed, 'lost is not what is missing');
      // Only the bounds may drop a message of a reader that keeps polling.
      if (this.#bounds.messageTtl === 0) assert.ok(ledger.lost <= this.#dropped, 'more was lost than was dropped');
    }
    assert.equal(this.kit.room.held, 0);
  }

  async #pushOrGiveUp(connection: Connection): Promise<void> {
    const before = this.#tail;
    await this.push(undefined);
    // Under `reject` another reader may keep the mailbox full. Then no push is possible before that reader moves on.
    if (this.#tail > before) await until(() => this.kit.room.held === 0);
    else {
      connection.reset();
      await until(() => this.kit.room.held === 0);
      await connection.closed();
    }
  }

  /** Resolves with the answer. Wakes a held poll by a push, or by time if the mailbox accepts no push. */
  async #answerTo(connection: Connection): Promise<WireBatch> {
    const response = connection.response();
    let isAnswered = false;
    response.finally(() => {
      isAnswered = true;
    });
    await until(() => isAnswered || this.kit.room.held > 0);
    while (!isAnswered && this.kit.room.held > 0) {
      const before = this.#tail;
      await this.push(undefined);
      // No push is possible, so the poll must end by its wait. A drained service would hold no more polls.
      if (this.#tail === before) await this.#clock.advance(60_000);
      await until(() => isAnswered || this.kit.room.held > 0);
    }
    const { status, body } = await response;
    assert.equal(status, 200, body);
    return JSON.parse(body);
  }

  #ledgerOf(name: string): ClientLedger {
    const ledger = this.#ledgers.get(name as (typeof readers)[number]);
    if (ledger === undefined) throw new Error(`There is no reader ${name}`);
    return ledger;
  }
}

async function obey(endpoint: Endpoint, each: typeof command extends fc.Arbitrary<infer Value> ? Value : never) {
  switch (each.do) {
    case 'push':
      return endpoint.push(each.key);
    case 'poll':
      return endpoint.poll(each.reader, each.adopts);
    case 'twice':
      return endpoint.twice(each.reader, each.wait);
    case 'retry':
      return endpoint.retry(each.reader, each.back);
    case 'held':
      return endpoint.held(each.reader, each.hangsUp);
    case 'abandon':
      return endpoint.abandon(each.reader);
    case 'drain':
      return endpoint.drain(each.limit);
    case 'age':
      return endpoint.age();
    case 'restart':
      return endpoint.restart();
  }
}

test('whatever clients and the network do, no retained message is missed and every lost message is counted', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'poll-endpoint-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const snapshot = join(folder, 'sessions.snapshot');
  await fc.assert(
    fc.asyncProperty(bounds, fc.array(command, { minLength: 1, maxLength: 40 }), async (each, commands) => {
      const endpoint = new Endpoint(each, snapshot);
      await endpoint.start();
      try {
        for (const next of commands) await obey(endpoint, next);
        await endpoint.settleUp();
      } finally {
        await endpoint.stop();
        await rm(snapshot, { force: true });
      }
    }),
    { numRuns: 60 },
  );
  t.pass();
});
