import { strict as assert } from 'node:assert';
import test from 'ava';
import fc from 'fast-check';
import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { Clock, type IssuedSession, SessionError, SessionManager, sessionModule } from '../../src/index.js';
import { offsetOf } from '../support/http-client-ledger.js';
import { until } from '../support/http-kit.js';
import { rounds } from '../support/limits.js';
import { type Transport, type TransportStream, transports } from '../support/stream-transports.js';

const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('acknowledge' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('beat' as const) }) },
);

const bounds = fc.record({
  msgMaxLength: fc.integer({ min: 1, max: 6 }),
  onOverflow: fc.constantFrom('drop-oldest' as const, 'reject' as const),
});

const reader = 'tab';

/** A session and its one client, which knows where it stands, and what should be retained. */
class World {
  readonly #manager: SessionManager;
  readonly #session: IssuedSession;
  readonly #room: WaitingRoom;
  readonly #clock: ManualClock;
  readonly #transport: Transport;
  readonly #most: number;
  #stream: TransportStream | undefined;
  /** The place from which the open stream began, and the one that the client has acknowledged. */
  #start = 0;
  #acknowledged = 0;
  #cursor = '';
  #tail = 0;
  /** Whether nothing may be lost to the open stream any more, but by pushes that come faster than it reads. */
  #lostBefore = 0;

  constructor(
    [manager, room, clock]: readonly [SessionManager, WaitingRoom, ManualClock],
    session: IssuedSession,
    transport: Transport,
    most: number,
  ) {
    this.#manager = manager;
    this.#room = room;
    this.#clock = clock;
    this.#session = session;
    this.#transport = transport;
    this.#most = most;
  }

  /** One after the other: a live stream takes each before the next, and loses none. */
  async push(count: number): Promise<void> {
    for (let pushed = 0; pushed < count; pushed += 1) {
      try {
        await this.#manager.push(this.#session.id, this.#tail + 1);
        this.#tail += 1;
      } catch (error) {
        assert.ok(SessionError.is(error, 'MAILBOX_FULL'), 'a push is refused only for lack of room');
        assert.equal(this.#stream, undefined, 'a live stream makes room');
      }
      await this.settle();
    }
  }

  async open(): Promise<void> {
    if (this.#stream !== undefined) this.#stream.close();
    this.#start = this.#cursor === '' ? 0 : offsetOf(this.#cursor);
    this.#lostBefore = -1;
    this.#acknowledged = Math.max(this.#acknowledged, this.#start);
    this.#stream = await this.#transport.open(this.#session, reader, this.#cursor);
    await this.settle();
  }

  async close(): Promise<void> {
    this.#stream?.close();
    this.#stream = undefined;
    await until(() => this.#room.held === 0);
  }

  async acknowledge(): Promise<void> {
    if (this.#stream === undefined || this.#cursor === '') return;
    this.#acknowledged = offsetOf(this.#cursor);
    await this.#stream.acknowledge(this.#cursor);
    await this.settle();
  }

  async beat(): Promise<void> {
    await this.#clock.advance(25_000);
    await this.settle();
  }

  /** Waits until the stream has taken everything, and compares. */
  async settle(): Promise<void> {
    const stream = this.#stream;
    if (stream !== undefined) {
      await until(() => {
        const { cursor } = stream.taken();
        return this.#room.held === 1 && cursor !== '' && offsetOf(cursor) === this.#tail;
      });
      const { cursor, offsets, data, lost, resets } = stream.taken();
      assert.deepEqual(data, offsets, 'each message is under its offset');
      assert.deepEqual(
        offsets,
        [...new Set(offsets)].toSorted((one, other) => one - other),
        'once, in order',
      );
      assert.equal(resets, 0, 'a place that the client was given is proved');
      assert.equal(offsetOf(cursor) - this.#start, offsets.length + lost, 'no silent hole');
      if (this.#lostBefore >= 0) assert.equal(lost, this.#lostBefore, 'a live stream loses nothing');
      this.#lostBefore = lost;
      this.#cursor = cursor;
    }
    const retained = Math.min(this.#tail - this.#acknowledged, this.#most);
    let undelivered = -1;
    await until(() => {
      void this.#manager.getSession(this.#session.id).then((session) => {
        undelivered = session.undelivered;
      });
      return undelivered === retained;
    }).catch(() => assert.equal(undelivered, retained, 'what is not acknowledged stays, within the bounds'));
  }
}

for (const [name, start] of Object.entries(transports)) {
  const runs = name === 'streamInto' ? rounds({ sample: 40, full: 500 }) : rounds({ sample: 3, full: 60 });
  test.serial(
    `${name}: a client gets each message once, in order, and what it has not acknowledged stays`,
    async (t) => {
      await fc.assert(
        fc.asyncProperty(bounds, fc.array(command, { minLength: 1, maxLength: 20 }), async (context, commands) => {
          const clock = new ManualClock();
          const container = new Container();
          container.bind(Clock).toConstantValue(clock);
          container.load(sessionModule({ ...context, gcTime: 1_000_000_000 }));
          const manager = await container.getAsync(SessionManager);
          const transport = await start(manager);
          try {
            const session = await manager.createSession('alice');
            const parts = [manager, container.get(WaitingRoom), clock] as const;
            const world = new World(parts, session, transport, context.msgMaxLength);
            for (const each of commands) {
              if (each.do === 'push') await world.push(each.count);
              else await world[each.do]();
            }
            await world.open();
            await world.close();
          } finally {
            await transport.end();
            await container.unbindAllAsync();
          }
        }),
        { numRuns: runs },
      );
      t.pass();
    },
  );
}
