import test, { type ExecutionContext } from 'ava';
import { RedisSessions } from '../../../../src/compat/redis-sessions/class/index.js';
import { MemoryStore } from '../../../../src/index.js';
import { serverFor } from '../../../stores/redis/places.js';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { bindStore, startService, throwsCode } from '../../../support/service.js';
import { freshName } from './libraries.js';

const server = serverFor(test);

const app = 'webapp';
const ip = '203.0.113.7';

/** Two nodes on one Redis, each with a cache. */
function openNodes(t: ExecutionContext): readonly [RedisSessions, RedisSessions] {
  const namespace = freshName();
  const open = () => {
    const sessions = new RedisSessions({ port: server().port, namespace, cachetime: 60 });
    t.teardown(() => sessions.quit());
    return sessions;
  };
  return [open(), open()];
}

test('a get within cachetime repeats the reply, and is not counted', async (t) => {
  const { manager, clock } = await startService(t, { maxSession: 0 });
  const cached = new RedisSessions({ manager, cachetime: 10 });
  const plain = new RedisSessions({ manager });
  const { token } = await cached.create({ app, id: 'alice', ip, d: { a: 1 } });
  const first = await cached.get({ app, token });
  await clock.advance(5_000);
  t.deepEqual(await cached.get({ app, token }), first);
  t.is((await plain.get({ app, token }))?.r, 2);
  await clock.advance(5_000);
  t.like(await cached.get({ app, token }), { r: 3, idle: 5 }, 'read again after cachetime');
});

test('without cachetime every get counts', async (t) => {
  const { manager } = await startService(t);
  for (const options of [{}, { cachetime: 0 }]) {
    const sessions = new RedisSessions({ manager, ...options });
    const { token } = await sessions.create({ app, id: 'alice', ip });
    t.is((await sessions.get({ app, token }))?.r, 1);
    t.is((await sessions.get({ app, token }))?.r, 2);
  }
});

test('a change to a reply does not reach the next caller', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager, cachetime: 10 });
  const { token } = await sessions.create({ app, id: 'alice', ip, d: { a: 1 } });
  for (let round = 0; round < 3; round += 1) {
    const session = await sessions.get({ app, token });
    t.deepEqual(session?.d, { a: 1 });
    Object.assign(session?.d ?? {}, { a: 2, b: 3 });
  }
});

test('a cached session is returned only for its own secret and app', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager, cachetime: 10 });
  const { token } = await sessions.create({ app, id: 'alice', ip });
  await sessions.get({ app, token });
  t.is(await sessions.get({ app, token: token.slice(0, 24) + 'x'.repeat(40) }), null);
  t.is(await sessions.get({ app: 'other', token }), null);
});

test('a cached session is not returned after its end', async (t) => {
  const { manager, clock } = await startService(t, { gcInterval: 3_600_000 });
  // No sweep may close the sessions during the test, because that would evict them from the cache.
  const sessions = new RedisSessions({ manager, cachetime: 3_600 });
  const idle = await sessions.create({ app, id: 'alice', ip, ttl: 10 });
  const fixed = await sessions.create({ app, id: 'alice', ip, ttl: 20, no_resave: true });
  await clock.advance(9_000);
  for (const { token } of [idle, fixed]) t.not(await sessions.get({ app, token }), null);
  await clock.advance(12_000);
  for (const { token } of [idle, fixed]) t.is(await sessions.get({ app, token }), null);
});

test('the cache holds cachemax sessions, and evicts the least recently used', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const sessions = new RedisSessions({ manager, cachetime: 60, cachemax: 2 });
  const tokens: string[] = [];
  for (let index = 0; index < 3; index += 1) tokens.push((await sessions.create({ app, id: 'alice', ip })).token);
  const [one = '', two = '', three = ''] = tokens;
  const reads = async (token: string) => (await sessions.get({ app, token }))?.r;
  t.deepEqual([await reads(one), await reads(two), await reads(one), await reads(three)], [1, 1, 1, 1]);
  t.deepEqual([await reads(one), await reads(three)], [1, 1], 'still cached');
  t.is(await reads(two), 2, 'it was evicted');
});

for (const [name, change, seen] of [
  ['set', (sessions: RedisSessions, token: string) => sessions.set({ app, token, d: { a: 2 } }), { a: 2 }],
  ['kill', (sessions: RedisSessions, token: string) => sessions.kill({ app, token }), undefined],
  ['killsoid', (sessions: RedisSessions) => sessions.killsoid({ app, id: 'alice' }), undefined],
  ['killall', (sessions: RedisSessions) => sessions.killall({ app }), undefined],
] as const) {
  test(`${name} takes effect immediately at its own node, and soon at every other node`, async (t) => {
    const [here, there] = openNodes(t);
    const { token } = await here.create({ app, id: 'alice', ip, d: { a: 1 } });
    for (const node of [here, there]) t.deepEqual((await node.get({ app, token }))?.d, { a: 1 });
    await change(here, token);
    t.deepEqual((await here.get({ app, token }))?.d, seen);
    await eventually(async () => {
      const session = await there.get({ app, token });
      return JSON.stringify(session?.d) === JSON.stringify(seen);
    });
    t.pass();
  });
}

test('a session that a manager closes is evicted from the cache of every node', async (t) => {
  const [here, there] = openNodes(t);
  const { token } = await here.create({ app, id: 'alice', ip });
  await there.get({ app, token });
  const manager = (await here.manager()).inApp(app);
  await manager.closeAccount('alice');
  await eventually(async () => (await there.get({ app, token })) === null);
  t.pass();
});

test('a reply that a change has made stale is not cached', async (t) => {
  let release = () => {};
  class LateStore extends MemoryStore {
    override async authenticate(...args: Parameters<MemoryStore['authenticate']>) {
      const contact = await super.authenticate(...args);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return contact;
    }
  }
  const { manager } = await startService(
    t,
    {},
    { store: bindStore((context, clock) => new LateStore(context, clock)) },
  );
  const sessions = new RedisSessions({ manager, cachetime: 60 });
  const { token } = await sessions.create({ app, id: 'alice', ip });
  await sessions.ping();
  const asked = sessions.get({ app, token });
  await new Promise((resolve) => setImmediate(resolve));
  await sessions.set({ app, token, d: { a: 1 } });
  release();
  t.is((await asked)?.d, undefined);
  const again = sessions.get({ app, token });
  await new Promise((resolve) => setImmediate(resolve));
  release();
  t.deepEqual((await again)?.d, { a: 1 });
});

test('a node that misses notices caches nothing, and caches again after reconnecting', async (t) => {
  const proxy = await RedisProxy.start(server().port);
  t.teardown(() => proxy.close());
  const namespace = freshName();
  const cut = new RedisSessions({ port: proxy.port, namespace, cachetime: 60 });
  const other = new RedisSessions({ port: server().port, namespace });
  t.teardown(() => Promise.all([cut.quit(), other.quit()]));
  const { token } = await cut.create({ app, id: 'alice', ip, d: { a: 1 } });
  await cut.get({ app, token });
  proxy.breakConnections();
  await other.set({ app, token, d: { a: 2 } });
  const answers = async () => (await cut.get({ app, token }).catch(() => undefined))?.d?.a;
  await eventually(async () => (await answers()) !== undefined);
  t.is(await answers(), 2);
  await eventually(async () => {
    const [one, two] = [await cut.get({ app, token }), await cut.get({ app, token })];
    return one?.r === two?.r;
  });
});

test('a cache over a store that does not report changes is refused', async (t) => {
  class PlainStore extends MemoryStore {}
  Object.defineProperty(PlainStore.prototype, 'watchChanges', { value: undefined });
  const { manager } = await startService(
    t,
    {},
    { store: bindStore((context, clock) => new PlainStore(context, clock)) },
  );
  const sessions = new RedisSessions({ manager, cachetime: 60 });
  await throwsCode(t, sessions.ping(), 'INVALID_ARGUMENT');
  await t.notThrowsAsync(new RedisSessions({ manager }).ping());
});
