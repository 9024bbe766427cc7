import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { Trial } from '../../../../src/conformance/trial.js';
import {
  SessionContext,
  type SessionContextOptions,
  SessionError,
  SessionManager,
  sessionModule,
} from '../../../../src/index.js';
import { RedisStore, redisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { freshPrefix } from '../exact-clock.js';
import { dumpOf } from '../key-dump.js';
import { serverFor } from '../places.js';
import { openStore } from '../replicas/replicated-stage.js';
import { app } from '../workload.js';

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
  // Prevents background work between two dumps.
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

test.serial('a logout is not refused because of other calls in the same command', async (t) => {
  const manager = await startManager(t, freshPrefix(), {});
  const [alice, bob] = [await manager.createSession('alice'), await manager.createSession('bob')];
  await fill();
  // Calls of one turn of the event loop are sent as one command.
  const [refused, closed, seen] = await Promise.allSettled([
    manager.push(bob.id, 'x'),
    manager.closeSession(alice.id, 'logout'),
    manager.getSession(bob.id),
  ]);
  t.deepEqual([closed.status, seen.status], ['fulfilled', 'fulfilled']);
  // The push succeeds if the logout freed enough memory before it.
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

/** Starts a trial on a store whose only background work is heartbeats. */
async function startTrial(t: ExecutionContext, context: SessionContextOptions): Promise<Trial> {
  const store = new RedisStore(new SessionContext(context), {
    url: server().url,
    keyPrefix: freshPrefix(),
    buckets: 1,
  });
  const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, context);
  await store.open(trial);
  t.teardown(async () => {
    await relieve();
    await trial.close();
  });
  return trial;
}

test.serial(
  'sessions are swept while memory is used up, even when their deadline follows that of a renewed session',
  async (t) => {
    const trial = await startTrial(t, {});
    const renewed = await trial.login('alice', { ttl: 1_500 });
    const expiring = await trial.login('bob', { ttl: 1_500 });
    // The renewed session keeps its old place among the deadlines. The sweep must move it first.
    await trial.store.touch(app, renewed.id, { activity: true, ttl: 60_000 });
    await fill();
    const swept: string[] = [];
    const sweep = async () => {
      for (const { id } of await trial.sweep()) swept.push(id);
      return swept.length > 0;
    };
    await eventually(sweep, { what: 'a session has expired' });
    t.deepEqual(swept, [expiring.id]);
  },
);

test.serial(
  'sessions become away while memory is used up, even when a session with a held poll must be judged first',
  async (t) => {
    const trial = await startTrial(t, { hbGrace: 500, gcTime: 600_000 });
    const present = await trial.login('alice');
    const silent = await trial.login('bob');
    await trial.park(present.id, 'default', 60_000);
    await fill();
    const away: string[] = [];
    const judge = async () => {
      away.push(...(await trial.judge()));
      return away.length > 0;
    };
    await eventually(judge, { what: 'a session is away' });
    t.deepEqual(away, [silent.id]);
  },
);

test.serial('an app with many sessions can be listed and closed while memory is used up', async (t) => {
  const manager = await startManager(t, freshPrefix(), { maxSession: 0 });
  const names = Array.from({ length: 600 }, (_each, index) => `account-${index}`);
  await Promise.all(names.map((name) => manager.createSession(name)));
  await fill();
  const { sessions, cursor } = await manager.sessionsOfApp({ limit: 400 });
  if (cursor === undefined) throw new Error('there is a second page');
  const { sessions: rest } = await manager.sessionsOfApp({ limit: 400, cursor });
  t.is(sessions.length + rest.length, names.length);
  t.is(await manager.closeApp(), names.length);
});

test.serial('a node starts while memory is used up', async (t) => {
  await fill();
  t.teardown(relieve);
  const store = await openStore(t, { url: server().url });
  await t.notThrowsAsync(store.close());
});
