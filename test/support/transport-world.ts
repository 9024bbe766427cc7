import { strict as assert } from 'node:assert';
import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import {
  Clock,
  type IssuedSession,
  memoryStore,
  SessionError,
  SessionManager,
  sessionModule,
} from '../../src/index.js';
import { ClientLedger, offsetOf, type Pushed } from './http-client-ledger.js';
import { until } from './http-kit.js';
import type { Taken, Transport, TransportStream } from './stream-transports.js';

export interface WorldBounds {
  readonly msgMaxLength: number;
  readonly onOverflow: 'drop-oldest' | 'drop-newest' | 'reject';
  readonly messageTtl: number;
  /** Number of readers of the session. With one reader, no message has a key, so that the test can predict what stays. */
  readonly readers: number;
}

interface OpenStream {
  readonly stream: TransportStream;
  /** The offset where the stream began; `undefined` for the oldest message that other readers had left. */
  readonly start: number | undefined;
  /** Whether the client begins at its latest place. Then its place is proved. */
  readonly isLatest: boolean;
  /** Number of messages reported as lost when the client had caught up. */
  lost: number | undefined;
  /** Maximum number of further losses: messages of a burst that were dropped before the client read them. */
  mayLose: number;
}

/** The state that a client keeps when its connection breaks. */
class Client {
  readonly ledger: ClientLedger;
  open: OpenStream | undefined;
  acknowledged = 0;
  /** Whether the client left while messages were on their way. The service can not know which of them arrived. */
  wasCut = false;

  constructor(pushed: ReadonlyMap<number, Pushed>) {
    this.ledger = new ClientLedger(pushed);
  }
}

/** A session and its clients, over any transport and over restarts of the service. */
export class TransportWorld {
  readonly #bounds: WorldBounds;
  readonly #startTransport: (manager: SessionManager) => Promise<Transport>;
  readonly #snapshot: string;
  readonly #clock = new ManualClock();
  readonly #pushed = new Map<number, Pushed>();
  readonly #clients: readonly Client[];
  #container = new Container();
  #transport: Transport | undefined;
  #session: IssuedSession | undefined;
  #tail = 0;

  constructor(bounds: WorldBounds, start: (manager: SessionManager) => Promise<Transport>, snapshot: string) {
    this.#bounds = bounds;
    this.#startTransport = start;
    this.#snapshot = snapshot;
    this.#clients = Array.from({ length: bounds.readers }, () => new Client(this.#pushed));
  }

  async start(): Promise<void> {
    const { readers, ...context } = this.#bounds;
    this.#container = new Container();
    this.#container.bind(Clock).toConstantValue(this.#clock);
    const store = memoryStore({ snapshot: { path: this.#snapshot } });
    this.#container.load(sessionModule({ ...context, gcTime: 1_000_000_000 }, store));
    const manager = await this.#container.getAsync(SessionManager);
    this.#session ??= await manager.createSession('alice');
    this.#transport = await this.#startTransport(manager);
  }

  async stop(): Promise<void> {
    await this.#container.unbindAllAsync();
    await this.#transport?.end();
    for (const client of this.#clients) {
      client.open?.stream.close();
      client.open = undefined;
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Pushes the messages one after the other. A live client receives each before the next. */
  async push(count: number, key: string | undefined): Promise<void> {
    for (let each = 0; each < count; each += 1) {
      await this.#push(this.#isPlain ? undefined : key);
      await this.settle();
    }
  }

  /** @param back number of places before the latest at which the client begins, as if the rest had never arrived */
  async open(index: number, back: number): Promise<void> {
    const client = this.#clientAt(index);
    const { past } = client.ledger;
    const after = client.wasCut ? client.ledger.cursor : (past[Math.max(0, past.length - 1 - back)] ?? '');
    const older = client.open;
    const start = after === '' && this.#clients.length > 1 ? undefined : offsetOf(after);
    client.acknowledged = Math.max(client.acknowledged, start ?? 0);
    const stream = await this.#running.open(this.#known, `reader-${index % this.#clients.length}`, after);
    client.open = {
      stream,
      start,
      isLatest: after === client.ledger.cursor && !client.wasCut,
      lost: undefined,
      mayLose: 0,
    };
    client.wasCut = false;
    await this.settle();
    // The newer stream has ended the older one.
    older?.stream.close();
  }

  async close(index: number): Promise<void> {
    const client = this.#clientAt(index);
    client.open?.stream.close();
    client.open = undefined;
    await this.settle();
  }

  /** Breaks the client's connection while messages are sent to it. The client has those that arrived before. */
  async cut(index: number, count: number): Promise<void> {
    const client = this.#clientAt(index);
    // If messages are dropped on arrival, the report of a drop may have arrived without the place after it.
    if (client.open === undefined || this.#bounds.onOverflow === 'drop-newest') return;
    const exceeding = this.#bounds.onOverflow === 'drop-oldest' ? Math.max(0, count - this.#bounds.msgMaxLength) : 0;
    for (const { open } of this.#clients) if (open !== undefined) open.mayLose = exceeding;
    for (let each = 0; each < count; each += 1) await this.#push(undefined, true);
    client.open.stream.close();
    this.#check(client, client.open.stream.taken());
    client.open = undefined;
    client.wasCut = true;
    await this.settle();
  }

  async acknowledge(index: number): Promise<void> {
    const client = this.#clientAt(index);
    const { cursor } = client.ledger;
    if (client.open === undefined || cursor === '') return;
    client.acknowledged = Math.max(client.acknowledged, offsetOf(cursor));
    await client.open.stream.acknowledge(cursor);
    await this.settle();
  }

  async advance(by: number): Promise<void> {
    await this.#clock.advance(by);
    await this.settle();
  }

  /** Opens a stream for every client, and for one that was never there before. */
  async settleUp(): Promise<void> {
    for (const index of this.#clients.keys()) await this.open(index, 0);
    const { undelivered } = await this.#manager.getSession(this.#known.id);
    const fresh = await this.#running.open(this.#known, 'fresh', '');
    await until(() => offsetOf(fresh.taken().cursor) === this.#tail && fresh.taken().cursor !== '');
    assert.equal(fresh.taken().offsets.length, undelivered, 'a new reader gets all that stays');
    fresh.close();
  }

  /** Waits until every open client has everything, and checks all that each received since it opened. */
  async settle(): Promise<void> {
    const open = this.#clients.flatMap((client) => (client.open === undefined ? [] : [{ client, ...client.open }]));
    const room = this.#container.get(WaitingRoom);
    await until(() => {
      const cursors = open.map(({ stream }) => stream.taken().cursor);
      return room.held === open.length && cursors.every((each) => each !== '' && offsetOf(each) === this.#tail);
    });
    for (const { client, stream } of open) this.#check(client, stream.taken());
    if (this.#isPlain && !this.#clientAt(0).wasCut) await this.#checkRetained();
  }

  #check(client: Client, { cursor, offsets, data, lost, resets }: Taken): void {
    const { ledger, open } = client;
    if (open === undefined) return;
    const messages = offsets.map((offset, index) => ({ offset, data: data[index] }));
    if (resets > 0) assert.ok(!open.isLatest, 'a place that the client was given last is proved');
    // After a reset, or when it began at the oldest message, the client can not know what it missed.
    const start = resets > 0 ? undefined : open.start;
    const from = start ?? (offsets[0] ?? offsetOf(cursor) + 1) - 1;
    const counted = start === undefined ? missingBehind(from, offsets, cursor) : lost;
    ledger.take(from, { messages, cursor, lost: counted }, false);
    if (cursor !== ledger.cursor) ledger.past.push(cursor);
    ledger.cursor = cursor;
    if (open.lost !== undefined && this.#bounds.onOverflow !== 'drop-newest') {
      const since = lost - open.lost;
      assert.ok(
        since >= 0 && since <= open.mayLose,
        `a client that has caught up loses at most ${open.mayLose}, not ${since}`,
      );
    }
    open.lost = lost;
    open.mayLose = 0;
    const own = open.stream.acknowledged?.();
    if (own !== undefined) client.acknowledged = Math.max(client.acknowledged, offsetOf(own));
  }

  /** @param mayRefuse whether the mailbox may be full because clients have not made room yet */
  async #push(key: string | undefined, mayRefuse = false): Promise<void> {
    const data = { number: this.#tail + 1 };
    // Recorded before it can arrive.
    this.#pushed.set(this.#tail + 1, { data, key });
    try {
      const { refused } = await this.#manager.push(this.#known.id, data, key === undefined ? {} : { key });
      assert.equal(refused, 0);
      this.#tail += 1;
    } catch (error) {
      this.#pushed.delete(this.#tail + 1);
      assert.ok(SessionError.is(error, 'MAILBOX_FULL') && this.#bounds.onOverflow === 'reject', String(error));
      const isAway = this.#clients.some((client) => client.open === undefined);
      assert.ok(isAway || mayRefuse, 'live clients make room');
    }
  }

  async #checkRetained(): Promise<void> {
    const [client] = this.#clients;
    const retained = Math.min(this.#tail - (client?.acknowledged ?? 0), this.#bounds.msgMaxLength);
    let undelivered = -1;
    await until(() => {
      void this.#manager.getSession(this.#known.id).then((session) => {
        undelivered = session.undelivered;
      });
      return undelivered === retained;
    }).catch(() => assert.equal(undelivered, retained, 'what is not acknowledged stays, within the bounds'));
  }

  get #isPlain(): boolean {
    const { readers, messageTtl, onOverflow } = this.#bounds;
    return readers === 1 && messageTtl === 0 && onOverflow !== 'drop-newest';
  }

  get #manager(): SessionManager {
    return this.#container.get(SessionManager);
  }

  get #known(): IssuedSession {
    if (this.#session === undefined) throw new Error('The service is not running');
    return this.#session;
  }

  get #running(): Transport {
    if (this.#transport === undefined) throw new Error('The service is not running');
    return this.#transport;
  }

  #clientAt(index: number): Client {
    const client = this.#clients[index % this.#clients.length];
    if (client === undefined) throw new Error('The world has no client');
    return client;
  }
}

/** Returns the number of offsets between a place and a cursor that the client did not receive. */
function missingBehind(from: number, offsets: readonly number[], cursor: string): number {
  return offsetOf(cursor) - from - offsets.length;
}
