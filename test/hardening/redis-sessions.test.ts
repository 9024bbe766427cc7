import test from 'ava';
import { RedisSessions, RedisSessionsError } from '../../src/compat/redis-sessions/class/index.js';
import { serverFor } from '../stores/redis/places.js';
import { startService } from '../support/service.js';

const server = serverFor(test);

const app = 'webapp';
const ip = '203.0.113.7';
const patience = 1_000;

/** Uses JSON.parse, because it creates an own `__proto__` key, unlike an object literal. */
const parsed = (text: string) => JSON.parse(text) as Record<string, string>;

test('keys that could reach a prototype are refused', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  const { token } = await sessions.create({ app, id: 'alice', ip });
  for (const text of ['{"__proto__":"x"}', '{"constructor":"x"}', '{"prototype":"x"}', '{"a":1,"__proto__":{"b":1}}']) {
    for (const call of [
      () => sessions.set({ app, token, d: parsed(text) }),
      () => sessions.create({ app, id: 'alice', ip, d: parsed(text) }),
    ]) {
      const error = await t.throwsAsync(call, { instanceOf: RedisSessionsError }, text);
      t.is(error.name, 'invalidValue');
    }
  }
  t.is(({} as { b?: unknown }).b, undefined);
  t.is((await sessions.get({ app, token }))?.d, undefined);
  t.is((await sessions.get({ app, token }))?.w, 1, 'nothing was written');
});

test('names of inherited methods are ordinary keys', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  const { token } = await sessions.create({ app, id: 'alice', ip, d: { toString: 'own', hasOwnProperty: 1 } });
  t.deepEqual((await sessions.get({ app, token }))?.d, { toString: 'own', hasOwnProperty: 1 });
});

test('values that JSON would alter are refused', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 'a\ud800']) {
    await t.throwsAsync(sessions.create({ app, id: 'alice', ip, d: { a: value } }), {
      name: 'invalidValue',
      message: 'd.a has a forbidden type. Only strings, numbers, boolean and null are allowed.',
    });
  }
});

test('a huge argument is refused quickly, and its error quotes little of it', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  const huge = 'x'.repeat(10_000_000);
  const calls: readonly (() => Promise<unknown>)[] = [
    () => sessions.create({ app: huge, id: 'alice', ip }),
    () => sessions.create({ app, id: huge, ip }),
    () => sessions.create({ app, id: `${huge}\n`, ip }),
    () => sessions.create({ app, id: 'alice', ip: huge }),
    () => sessions.create({ app, id: 'alice', ip, ttl: huge }),
    () => sessions.create({ app, id: 'alice', ip, d: { [huge]: 1 } }),
    () => sessions.create({ app, id: 'alice', ip, d: { [huge]: [] as unknown as string } }),
    () => sessions.get({ app, token: huge }),
    () => sessions.soapp({ app, deltaTime: huge }),
    () => sessions.soid({ app, id: `${' '.repeat(300)}\n` }),
  ];
  for (const call of calls) {
    const start = performance.now();
    const error = await t.throwsAsync(call, { instanceOf: RedisSessionsError });
    t.true(performance.now() - start < patience);
    t.true(error.message.length < 500);
  }
});

test('a large value is returned unchanged', async (t) => {
  const sessions = new RedisSessions({ port: server().port });
  t.teardown(() => sessions.quit());
  const text = '"\\\u2028\u0000é👩‍🚀'.repeat(5_000);
  const { token } = await sessions.create({ app, id: 'alice', ip, d: { text } });
  t.is((await sessions.get({ app, token }))?.d?.text, text);
});

test('ids that look like keys, patterns or commands are ordinary ids', async (t) => {
  const sessions = new RedisSessions({ port: server().port, namespace: 'ids' });
  t.teardown(() => sessions.quit());
  const ids = [
    '*',
    '?',
    '{00}',
    'a:us:b',
    ':',
    '::',
    ' ',
    '$accountId',
    '%1',
    "');redis.call('FLUSHALL')--",
    '\\',
    '-inf',
  ];
  for (const id of ids) await sessions.create({ app, id, ip });
  t.deepEqual(await sessions.activity({ app, deltaTime: 60 }), { activity: ids.length });
  for (const id of ids) {
    t.deepEqual(
      (await sessions.soid({ app, id })).sessions.map((session) => session.id),
      [id],
    );
    t.deepEqual(await sessions.killsoid({ app, id }), { kill: 1 });
  }
  t.deepEqual(await sessions.soapp({ app, deltaTime: 60 }), { sessions: [] });
});

test('only the reply to create contains the token; other replies and errors do not', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  const { token } = await sessions.create({ app, id: 'alice', ip, d: { a: 1 } });
  const secret = token.slice(24);
  const shown = [
    await sessions.get({ app, token }),
    await sessions.set({ app, token, d: { b: 1 } }),
    await sessions.soid({ app, id: 'alice' }),
    await sessions.soapp({ app, deltaTime: 60 }),
    await sessions.get({ app, token: `${token}x` }).catch((error) => [error.name, error.message, error.stack]),
  ];
  t.false(JSON.stringify(shown).includes(secret));
});

test('a session whose id has colons is swept', async (t) => {
  const { manager, clock } = await startService(t, { maxSession: 0 });
  const sessions = new RedisSessions({ manager });
  const closed: string[] = [];
  manager.inApp(app).on('closed', ({ accountId }) => closed.push(accountId));
  await sessions.create({ app, id: 'a:b:c', ip, ttl: 10 });
  await clock.advance(20_000);
  t.deepEqual(closed, ['a:b:c']);
});
