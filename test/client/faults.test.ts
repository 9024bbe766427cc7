import { strict as assert } from 'node:assert';
import test from 'ava';
import { connectBy, type MailboxClient, poll } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import fc from '../support/fast-check.js';
import { rounds } from '../support/limits.js';
import { Device, ManualClock, TabStorageStub } from './client-stage.js';
import { FaultyServer, type FaultyServerOptions, faults } from './faulty-server.js';

const bounds: fc.Arbitrary<FaultyServerOptions> = fc.record({
  msgMaxLength: fc.constantFrom(2, 4, 50),
  messageTtl: fc.constantFrom(0, 0, 5_000),
  hasOtherReader: fc.boolean(),
});

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom(undefined, undefined, 'k') }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom(...faults) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reload' as const), crashes: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wake' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('age' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('copy' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('putBack' as const) }) },
);

interface Pushed {
  readonly key: string | undefined;
}

/** An application with one client that sometimes fails to process a message, and the messages that it should receive. */
class World {
  readonly #server: FaultyServer;
  readonly #storage = new TabStorageStub();
  readonly #pushed: Pushed[] = [];
  readonly #taken = new Set<number>();
  #newest = -1;
  #lost = 0;
  #failsNext = false;
  /** Number of messages pushed before the copy was last restored. The server may have forgotten some of them. */
  #sinceCopy = 0;
  #mustHearReset = false;
  /** Whether the server has received messages since the copy was made. */
  #hasMoreThanCopy = false;
  #failure: unknown;
  #clock = new ManualClock();
  #device = new Device(this.#clock);
  #mailbox: MailboxClient;
  #loop: Promise<void>;
  #atEnd = () => false;

  constructor(server: FaultyServer) {
    this.#server = server;
    this.#mailbox = this.#connect();
    this.#loop = this.#run();
  }

  async obey(each: typeof command extends fc.Arbitrary<infer Value> ? Value : never): Promise<void> {
    switch (each.do) {
      case 'push':
        return this.#push(each.key);
      case 'fault':
        this.#server.faults.push(each.fault);
        return;
      case 'settle':
        return this.settle();
      case 'fail':
        this.#failsNext = true;
        return;
      case 'reload':
        return this.#reload(each.crashes);
      case 'wake':
        this.#device.sign('awake');
        return;
      case 'age':
        return this.#server.age();
      case 'restart':
        return this.#server.restart();
      case 'copy':
        this.#hasMoreThanCopy = false;
        return this.#server.copy();
      case 'putBack':
        return this.#putBack();
    }
  }

  /** Waits until the client has received all messages of the server, and its poll is held. */
  async settle(): Promise<void> {
    await eventually(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      assert.equal(this.#mailbox.closed, undefined);
      // Advance the clock only while the client pauses. Otherwise the time limit of a request could expire.
      if (['waiting', 'away'].includes(this.#mailbox.state)) await this.#clock.advance(60_000);
      return this.#mailbox.state === 'open' && this.#server.busy === 1 && this.#server.held === 1;
    });
  }

  async settleUp(): Promise<void> {
    this.#server.faults.length = 0;
    this.#failsNext = false;
    await this.#push(undefined);
    await this.settle();
    assert.ok(this.#taken.has(this.#pushed.length - 1), 'the last message was not taken');
    const missing = [...this.#pushed.keys()].filter((number) => number >= this.#sinceCopy && !this.#taken.has(number));
    const unkeyed = missing.filter((number) => this.#pushed[number]?.key === undefined);
    assert.ok(this.#lost >= unkeyed.length, `${this.#lost} lost were told, of messages without key ${unkeyed}`);
    if (this.#sinceCopy === 0) assert.ok(this.#lost <= missing.length, `${this.#lost} lost were told, not ${missing}`);
    assert.equal(this.#mustHearReset, false, 'the application did not hear of the reset');
  }

  async end(): Promise<void> {
    this.#atEnd = () => true;
    this.#mailbox.close();
    await this.#loop;
  }

  async #push(key: string | undefined): Promise<void> {
    // Record the message before it can arrive.
    this.#pushed.push({ key });
    this.#hasMoreThanCopy = true;
    await this.#server.push(this.#pushed.length - 1, key);
  }

  #connect(): MailboxClient {
    this.#clock = new ManualClock();
    this.#device = new Device(this.#clock);
    const { fetch, session } = this.#server;
    const setting = { url: 'http://mailbox.test', token: session.token, fetch, storage: this.#storage };
    const mailbox = connectBy(poll, setting, this.#device);
    mailbox.on('lost', (count) => {
      this.#lost += count;
    });
    mailbox.on('reset', () => {
      this.#mustHearReset = false;
      // A message that a bound dropped may be in the copy.
      this.#newest = -1;
    });
    return mailbox;
  }

  /** Runs the application: a loop that starts again when it fails. */
  async #run(): Promise<void> {
    const mailbox = this.#mailbox;
    while (!this.#atEnd() && mailbox === this.#mailbox && mailbox.closed === undefined) {
      try {
        for await (const { data } of mailbox) this.#treat(Number(data));
      } catch (error) {
        if (!(error instanceof TreatmentError)) {
          this.#failure = error;
          return;
        }
      }
    }
  }

  #treat(number: number): void {
    if (this.#failsNext) {
      this.#failsNext = false;
      throw new TreatmentError();
    }
    assert.ok(!this.#taken.has(number), `message ${number} was given twice`);
    assert.ok(number > this.#newest, `message ${number} was given after ${this.#newest}`);
    this.#taken.add(number);
    this.#newest = number;
  }

  /** @param crashes whether the page ends without the chance to store its reader name again */
  async #reload(crashes: boolean): Promise<void> {
    // The client acknowledges a message when the page asks for the next one. A reload now could prevent that.
    await this.settle();
    if (!crashes) this.#device.sign('leaving');
    const items = new Map(this.#storage.items);
    this.#mailbox.close();
    await this.#loop;
    if (crashes) for (const [key, value] of items) this.#storage.items.set(key, value);
    this.#mailbox = this.#connect();
    this.#loop = this.#run();
  }

  async #putBack(): Promise<void> {
    await this.settle();
    // If there are messages since the copy, the client has messages that the server is about to forget.
    this.#mustHearReset = this.#hasMoreThanCopy;
    if (!(await this.#server.putBack())) {
      this.#mustHearReset = false;
      return;
    }
    this.#hasMoreThanCopy = false;
    this.#sinceCopy = this.#pushed.length;
    await this.settle();
  }
}

class TreatmentError extends Error {}

test('whatever happens to requests and servers, each message is delivered once and in order, or reported as lost', async (t) => {
  await fc.assert(
    fc.asyncProperty(bounds, fc.array(command, { minLength: 1, maxLength: 40 }), async (options, commands) => {
      const server = await FaultyServer.start(options);
      const world = new World(server);
      try {
        for (const each of commands) await world.obey(each);
        await world.settleUp();
      } finally {
        await world.end();
        await server.close();
      }
    }),
    { numRuns: rounds({ sample: 12, full: 150 }) },
  );
  t.pass();
});
