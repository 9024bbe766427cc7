import test, { type ExecutionContext } from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import {
  type AppendOutcome,
  type IssuedSession,
  MemoryStore,
  type OutgoingMessage,
  SessionError,
  type SessionManager,
} from '../../src/index.js';
import { bindStore, type Service, startService, throwsCode } from '../support/service.js';

/** A memory store that records the chunks of broadcasts, and serves each chunk when the test allows it. */
class ChunkStore extends MemoryStore {
  underWay = 0;
  mostUnderWay = 0;
  chunks = 0;
  scanned = 0;
  appendedAfterClose = 0;
  #isClosed = false;
  /** Called before each chunk is served. */
  before: (chunk: number) => Promise<void> | void = () => {};

  override async appendToEach(
    app: string,
    ids: readonly string[],
    message: OutgoingMessage,
  ): Promise<readonly AppendOutcome[]> {
    if (this.#isClosed) this.appendedAfterClose += 1;
    this.chunks += 1;
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      await this.before(this.chunks);
      return await super.appendToEach(app, ids, message);
    } finally {
      this.underWay -= 1;
    }
  }

  override async *scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    for await (const ids of super.scanApp(app, size)) {
      this.scanned += 1;
      yield ids;
    }
  }

  override close(): Promise<void> {
    this.#isClosed = true;
    return super.close();
  }
}

async function startChunkService(t: ExecutionContext): Promise<Service & { readonly store: ChunkStore }> {
  let store: ChunkStore | undefined;
  const binding = bindStore((...args) => {
    store = new ChunkStore(...args);
    return store;
  });
  const service = await startService(t, { maxSession: 0 }, { store: binding });
  if (store === undefined) throw new Error('the store was not resolved');
  return { ...service, store };
}

function createMany(manager: SessionManager, count: number): Promise<IssuedSession[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => manager.createSession(`account${index}`)));
}

async function undeliveredOf(manager: SessionManager, sessions: readonly IssuedSession[]): Promise<readonly number[]> {
  const found = await Promise.all(sessions.map(({ id }) => manager.getSession(id)));
  return found.map(({ undelivered }) => undelivered);
}

test('a broadcast of many chunks reaches every session exactly once', async (t) => {
  const { manager, store } = await startChunkService(t);
  const sessions = await createMany(manager, 2_750);
  t.deepEqual(await manager.pushToApp('hi'), { accepted: 2_750, dropped: 0, refused: 0 });
  t.true((await undeliveredOf(manager, sessions)).every((count) => count === 1));
  t.is(store.chunks, 6);
});

test('a broadcast to an app without sessions reaches none', async (t) => {
  const { manager } = await startChunkService(t);
  t.deepEqual(await manager.inApp('empty').pushToApp('hi'), { accepted: 0, dropped: 0, refused: 0 });
});

test('a broadcast reads ids only as fast as they are served, and resolves when all have been served', async (t) => {
  const { manager, store } = await startChunkService(t);
  await createMany(manager, 10_000);
  const releases: (() => void)[] = [];
  store.before = () => new Promise((resolve) => releases.push(resolve));
  let isServed = false;
  const pushed = manager.pushToApp('hi').then((report) => {
    isServed = true;
    return report;
  });
  for (let turn = 0; turn < 20; turn += 1) await settle();
  t.is(store.underWay, 4, 'as many chunks as the queue allows');
  t.true(store.scanned <= 9, `${store.scanned} of 20 chunks were read`);
  while (!isServed) {
    releases.shift()?.();
    await settle();
  }
  t.is((await pushed).accepted, 10_000);
  t.is(store.mostUnderWay, 4);
});

test('concurrent broadcasts share one bound, and each reaches every session once', async (t) => {
  const { manager, store } = await startChunkService(t);
  const sessions = await createMany(manager, 1_600);
  store.before = () => new Promise((resolve) => setImmediate(resolve));
  const reports = await Promise.all(Array.from({ length: 5 }, (_, index) => manager.pushToApp(index)));
  for (const report of reports) t.is(report.accepted, 1_600);
  t.is(store.mostUnderWay, 4);
  t.true((await undeliveredOf(manager, sessions)).every((count) => count === 5));
  const [session] = sessions;
  const data = (await session?.drain())?.messages.map((message) => message.data);
  t.deepEqual(new Set(data), new Set([0, 1, 2, 3, 4]));
});

test('messages of broadcasts that are awaited one after the other arrive in order', async (t) => {
  const { manager } = await startChunkService(t);
  const sessions = await createMany(manager, 1_100);
  for (const data of [1, 2, 3]) await manager.pushToApp(data);
  for (const session of [sessions[0], sessions[700], sessions[1_099]]) {
    t.deepEqual(
      (await session?.drain())?.messages.map((message) => message.data),
      [1, 2, 3],
    );
  }
});

test('sessions that are live during a whole broadcast receive it once, even if others are created and closed during it', async (t) => {
  const { manager, store } = await startChunkService(t);
  const living = await createMany(manager, 1_500);
  const going = await createMany(manager, 1_500);
  const coming: IssuedSession[] = [];
  store.before = async () => {
    for (const session of going.splice(-250)) await session.destroy();
    coming.push(...(await createMany(manager, 100)));
  };
  const { accepted } = await manager.pushToApp('hi');
  t.true((await undeliveredOf(manager, living)).every((count) => count === 1));
  t.true((await undeliveredOf(manager, coming)).every((count) => count <= 1));
  t.true(accepted >= 1_500 && accepted <= 3_000 + coming.length);
});

test('a stop waits for the running broadcast, and nothing is appended after the store was closed', async (t) => {
  const { manager, container, store } = await startChunkService(t);
  await createMany(manager, 3_000);
  const pushed = manager.pushToApp('hi');
  await container.unbindAllAsync();
  t.is((await pushed).accepted, 3_000);
  t.is(store.appendedAfterClose, 0);
});

test('a broadcast with a chunk that fails rejects after all other chunks were served, and no rejection is unhandled', async (t) => {
  const { manager, store } = await startChunkService(t);
  const sessions = await createMany(manager, 5_000);
  store.before = (chunk) => {
    if (chunk <= 2) throw new SessionError('STORE_UNAVAILABLE', 'The store is away', {});
  };
  await throwsCode(t, manager.pushToApp('hi'), 'STORE_UNAVAILABLE');
  store.before = () => {};
  t.is((await undeliveredOf(manager, sessions)).filter((count) => count === 1).length, 4_000);
  t.is((await manager.pushToApp('again')).accepted, 5_000);
});

test('a broadcast whose scan fails rejects, and no rejection is unhandled', async (t) => {
  const { manager, store } = await startChunkService(t);
  await createMany(manager, 3_000);
  store.before = () => {
    throw new SessionError('STORE_UNAVAILABLE', 'The store is away', {});
  };
  store.scanApp = async function* (): AsyncIterable<readonly string[]> {
    yield ['x'.repeat(24)];
    await settle();
    throw new SessionError('STORE_UNAVAILABLE', 'The store went away', {});
  };
  await throwsCode(t, manager.pushToApp('hi'), 'STORE_UNAVAILABLE');
  await settle();
});
