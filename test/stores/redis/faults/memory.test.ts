import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { type SessionContextOptions, SessionError, SessionManager, sessionModule } from '../../../../src/index.js';
import { redisStore } from '../../../../src/stores/redis/index.js';
import { freshPrefix } from '../exact-clock.js';
import { dumpOf } from '../key-dump.js';
import { serverFor } from '../places.js';

const long = 'x'.repeat(1_000);
const server = serverFor(test);

async function fill(): Promise<void> {
  await server().client.config('SET', 'maxmemory', '1');
}

async function relieve(): Promise<void> {
  await server().client.config('SET', 'maxmemory', '0');
}

async function startManager(t: ExecutionContext, keyPrefix: string, context: SessionContextOptions) {
  const container = new Container();
  // No background work between two dumps.
  const calm = { gcInterval: 3_600_000, hbTime: 3_600_000, ...context };
  container.load(sessionModule(calm, redisStore({ url: server().url, keyPrefix, buckets: 4 })));
  t.teardown(async () => {
    await relieve();
    await container.unbindAllAsync();
  });
  return container.getAsync(SessionManager);
}

test.serial(
  'when memory is used up, writes that need more are refused with a clear error, and nothing is half-written',
  async (t) => {
    const keyPrefix = freshPrefix();
    const manager = await startManager(t, keyPrefix, {});
    const alice = await manager.createSession('alice', { attributes: { theme: 'dark' } });
    const bob = await manager.createSession('bob');
    await manager.push(alice.id, 'before');
    await manager.push(bob.id, 'before', { key: 'k' });
    const before = await dumpOf(server().client, keyPrefix);
    await fill();
    const actions: Readonly<Record<string, () => Promise<unknown>>> = {
      createSession: () => manager.createSession('alice'),
      'createSession of a new account': () => manager.createSession('carol'),
      push: () => manager.push(alice.id, long),
      setAttr: () => alice.setAttr('theme', 'light'),
      rotateToken: () => manager.rotateToken(alice.id),
    };
    for (const [name, action] of Object.entries(actions)) {
      const error: unknown = await t.throwsAsync(action, { code: 'STORE_UNAVAILABLE' }, name);
      t.true(SessionError.is(error) && error.message.includes('maxmemory'), name);
      t.false(inspect(error, { depth: 9 }).includes(long), 'the error does not contain the message');
      t.deepEqual(await dumpOf(server().client, keyPrefix), before, name);
    }
    t.is((await manager.getSession(alice.id)).getAttr('theme'), 'dark');
    await relieve();
    t.is((await manager.authenticate(alice.token)).undelivered, 1);
    const { messages } = await manager.poll(alice.id, { after: '', wait: 0 });
    t.deepEqual(
      messages.map(({ data }) => data),
      ['before'],
    );
    await manager.createSession('alice');
    t.is((await manager.sessionsOfAccount('alice')).length, 2);
  },
);

test.serial('operations that also free memory succeed completely or not at all', async (t) => {
  const manager = await startManager(t, freshPrefix(), { maxSession: 1, onMaxSession: 'evict-oldest' });
  const evictable = await manager.createSession('alice');
  const [newer, older] = [await manager.createSession('bob'), await manager.createSession('carol')];
  await manager.push(older.id, 'hi');
  await manager.push(newer.id, 'old', { key: 'k' });
  await fill();
  const [pushed] = await Promise.allSettled([manager.push(newer.id, 'new', { key: 'k' })]);
  const [created] = await Promise.allSettled([manager.createSession('alice')]);
  const [replaced] = await Promise.allSettled([manager.replaceSession(newer.id, older.id)]);
  await relieve();
  for (const result of [pushed, created, replaced]) {
    if (result.status === 'rejected') t.true(SessionError.is(result.reason, 'STORE_UNAVAILABLE'));
  }
  const [live] = await manager.sessionsOfAccount('alice');
  t.is(live?.id, created.status === 'fulfilled' ? created.value.id : evictable.id);
  t.is((await manager.sessionsOfAccount('carol')).length, replaced.status === 'fulfilled' ? 0 : 1);
  const { messages, lost } = await manager.poll(newer.id, { after: '', wait: 0 });
  const expected = [...(replaced.status === 'fulfilled' ? ['hi'] : []), pushed.status === 'fulfilled' ? 'new' : 'old'];
  t.deepEqual([messages.map(({ data }) => data), lost], [expected, 0]);
});

test.serial('logout succeeds when memory is used up', async (t) => {
  const manager = await startManager(t, freshPrefix(), {});
  const alice = await manager.createSession('alice', { attributes: { a: 1 } });
  const bob = await manager.createSession('bob');
  const carol = await manager.createSession('carol');
  for (const { id } of [alice, bob, carol]) await manager.push(id, 'x');
  await fill();
  t.true(await manager.closeSession(alice.id, 'logout'));
  t.is(await manager.closeAccount('bob'), 1);
  t.is(await manager.closeApp(), 1);
  await relieve();
  for (const { token } of [alice, bob, carol]) {
    await t.throwsAsync(manager.authenticate(token), { code: 'SESSION_CLOSED' });
  }
  t.is((await manager.sessionsOfApp()).sessions.length, 0);
});

test.serial('a logout is not refused because of other calls of the same command', async (t) => {
  const manager = await startManager(t, freshPrefix(), {});
  const [alice, bob] = [await manager.createSession('alice'), await manager.createSession('bob')];
  await fill();
  // In one turn of the event loop, so that they are one command.
  const [refused, closed, seen] = await Promise.allSettled([
    manager.push(bob.id, 'x'),
    manager.closeSession(alice.id, 'logout'),
    manager.getSession(bob.id),
  ]);
  t.deepEqual([closed.status, seen.status], ['fulfilled', 'fulfilled']);
  // The logout may have freed memory for it.
  if (refused.status === 'rejected') t.true(SessionError.is(refused.reason, 'STORE_UNAVAILABLE'));
  await relieve();
  await t.throwsAsync(manager.authenticate(alice.token), { code: 'SESSION_CLOSED' });
  t.is((await manager.getSession(bob.id)).undelivered, refused.status === 'fulfilled' ? 1 : 0);
});

test.serial('sessions expire and are swept while memory is used up', async (t) => {
  const manager = await startManager(t, freshPrefix(), { gcInterval: 50 });
  const closed = new Promise<string>((resolve) => manager.on('closed', ({ id, reason }) => resolve(`${id} ${reason}`)));
  const { id } = await manager.createSession('alice', { ttl: 300 });
  await fill();
  t.is(await closed, `${id} expired`);
});
