import test, { type ExecutionContext } from 'ava';
import { RedisSessions, RedisSessionsError } from '../../../../src/compat/redis-sessions/class/index.js';
import { serverFor } from '../../../stores/redis/places.js';
import { startService } from '../../../support/service.js';
import { freshName } from './libraries.js';

const server = serverFor(test);

const app = 'webapp';
const ip = '203.0.113.7';

/** The two ways to create the class: with a manager of the application, and with a Redis. */
const places: Readonly<Record<string, (t: ExecutionContext) => Promise<RedisSessions>>> = {
  'in memory': async (t) => new RedisSessions({ manager: (await startService(t, { maxSession: 0 })).manager }),
  'on Redis': async (t) => {
    const sessions = new RedisSessions({ port: server().port, namespace: freshName() });
    t.teardown(() => sessions.quit());
    return sessions;
  },
};

for (const [place, open] of Object.entries(places)) {
  test(`a token is 64 letters and digits, and unique (${place})`, async (t) => {
    const sessions = await open(t);
    const tokens = await Promise.all(
      Array.from({ length: 200 }, async () => (await sessions.create({ app, id: 'alice', ip })).token),
    );
    t.is(new Set(tokens).size, 200);
    for (const token of tokens) t.regex(token, /^[0-9A-Za-z]{64}$/);
  });

  test(`an id may hold any number of sessions (${place})`, async (t) => {
    const sessions = await open(t);
    for (let index = 0; index < 30; index += 1) await sessions.create({ app, id: 'alice', ip });
    t.is((await sessions.soid({ app, id: 'alice' })).sessions.length, 30);
  });

  test(`killsoid counts exactly, of any number of sessions (${place})`, async (t) => {
    const sessions = await open(t);
    for (let index = 0; index < 7; index += 1) await sessions.create({ app, id: 'a:b', ip });
    await sessions.create({ app, id: 'a', ip });
    t.deepEqual(await sessions.killsoid({ app, id: 'a:b' }), { kill: 7 });
    t.deepEqual(await sessions.killsoid({ app, id: 'a:b' }), { kill: 0 });
    t.deepEqual(await sessions.activity({ app, deltaTime: 60 }), { activity: 1 });
  });

  test(`a get that races with a kill never revives the session (${place})`, async (t) => {
    const sessions = await open(t);
    for (let round = 0; round < 20; round += 1) {
      const { token } = await sessions.create({ app, id: 'alice', ip });
      const [, { kill }] = await Promise.all([
        Promise.all(Array.from({ length: 5 }, () => sessions.get({ app, token }))),
        sessions.kill({ app, token }),
        Promise.all(Array.from({ length: 5 }, () => sessions.set({ app, token, d: { round } }))),
      ]);
      t.is(kill, 1);
      t.is(await sessions.get({ app, token }), null);
    }
    t.deepEqual(await sessions.soapp({ app, deltaTime: 60 }), { sessions: [] });
  });

  test(`of many concurrent kills of one session, one counts (${place})`, async (t) => {
    const sessions = await open(t);
    const { token } = await sessions.create({ app, id: 'alice', ip });
    const kills = await Promise.all(Array.from({ length: 10 }, () => sessions.kill({ app, token })));
    t.is(
      kills.reduce((sum, { kill }) => sum + kill, 0),
      1,
    );
  });

  test(`concurrent sets of different keys are all kept and counted (${place})`, async (t) => {
    const sessions = await open(t);
    const { token } = await sessions.create({ app, id: 'alice', ip });
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_each, index) => sessions.set({ app, token, d: { [`key${index}`]: index } })),
    );
    t.deepEqual(
      replies.map((reply) => reply?.w).sort((one = 0, other = 0) => one - other),
      Array.from({ length: 20 }, (_each, index) => index + 2),
    );
    t.is(Object.keys((await sessions.get({ app, token }))?.d ?? {}).length, 20);
  });

  test(`a handle closes a session and takes a push (${place})`, async (t) => {
    const sessions = await open(t);
    const phone = await sessions.create({ app, id: 'alice', ip: '::1' });
    const laptop = await sessions.create({ app, id: 'alice', ip: '::2' });
    const { sessions: listed } = await sessions.soid({ app, id: 'alice' });
    const manager = (await sessions.manager()).inApp(app);
    const handle = listed.find((each) => each.ip === '::1')?.handle ?? '';
    t.regex(handle, /^[0-9A-Za-z]{24}$/);
    await manager.push(handle, 'hi');
    t.is((await manager.poll(handle)).messages.length, 1);
    t.true(await manager.closeSession(handle));
    t.is(await sessions.get({ app, token: phone.token }), null);
    t.is((await sessions.get({ app, token: laptop.token }))?.ip, '::2');
    t.is(await sessions.get({ app, token: handle + 'x'.repeat(40) }), null, 'a handle is no proof');
  });

  test(`a token with a right handle and a wrong secret finds and changes nothing (${place})`, async (t) => {
    const sessions = await open(t);
    const { token } = await sessions.create({ app, id: 'alice', ip });
    const forged = token.slice(0, 24) + 'x'.repeat(40);
    t.is(await sessions.get({ app, token: forged }), null);
    t.is(await sessions.set({ app, token: forged, d: { a: 1 } }), null);
    t.deepEqual(await sessions.kill({ app, token: forged }), { kill: 0 });
    // `idle` is in whole seconds. On a busy machine one second may have passed.
    const found = await sessions.get({ app, token });
    t.deepEqual({ ...found, idle: 0 }, { id: 'alice', r: 1, w: 1, ttl: 7_200, idle: 0, ip });
  });

  test(`soapp lists all sessions over several pages, latest activity first (${place})`, async (t) => {
    const sessions = await open(t);
    const created = Array.from({ length: 1_100 }, (_each, index) => sessions.create({ app, id: `id${index}`, ip }));
    const [first] = await Promise.all(created);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (place === 'on Redis') await sessions.get({ app, token: first?.token ?? '' });
    const listed = (await sessions.soapp({ app, dt: 60 })).sessions;
    t.is(new Set(listed.map(({ handle }) => handle)).size, 1_100);
    if (place === 'on Redis') t.is(listed[0]?.id, 'id0');
  });

  test(`an id may be a number, as in redis-sessions 3 (${place})`, async (t) => {
    const sessions = await open(t);
    const { token } = await sessions.create({ app, id: 42 as unknown as string, ip });
    t.is((await sessions.get({ app, token }))?.id, '42');
    t.is((await sessions.soid({ app, id: '42' })).sessions.length, 1);
  });

  test(`an id may be as long as an account id, and a longer one is refused (${place})`, async (t) => {
    const sessions = await open(t);
    for (const id of ['x'.repeat(256), '日'.repeat(256), '👩'.repeat(128)]) {
      await sessions.create({ app, id, ip });
      t.deepEqual(await sessions.killsoid({ app, id }), { kill: 1 });
    }
    for (const id of ['x'.repeat(257), '👩'.repeat(129)]) {
      const error = await t.throwsAsync(sessions.create({ app, id, ip }), { instanceOf: RedisSessionsError });
      t.deepEqual([error.name, error.message], ['invalidFormat', 'Invalid id format']);
    }
  });

  test(`a ttl or deltaTime that stands for never is accepted, and bounded (${place})`, async (t) => {
    const sessions = await open(t);
    const most = 9_000_000_000_000;
    for (const ttl of [most, most + 1, Number.MAX_SAFE_INTEGER]) {
      const { token } = await sessions.create({ app, id: 'alice', ip, ttl });
      t.like(await sessions.get({ app, token }), { id: 'alice', ttl: most });
    }
    const { token } = await sessions.create({ app, id: 'alice', ip, ttl: Number.MAX_SAFE_INTEGER, no_resave: true });
    t.like(await sessions.get({ app, token }), { id: 'alice', no_resave: true });
    t.is((await sessions.soapp({ app, deltaTime: Number.MAX_SAFE_INTEGER })).sessions.length, 4);
    t.deepEqual(await sessions.activity({ app, deltaTime: Number.MAX_SAFE_INTEGER }), { activity: 1 });
  });

  test(`a missing options argument counts as an empty one (${place})`, async (t) => {
    const sessions: object = await open(t);
    for (const method of ['create', 'get', 'set', 'kill', 'killall', 'killsoid', 'soid', 'soapp', 'activity']) {
      for (const options of [undefined, null, 5, 'text']) {
        const call = async () => Reflect.apply(Reflect.get(sessions, method), sessions, [options]);
        await t.throwsAsync(call, { name: 'missingParameter', message: 'No app supplied' }, method);
      }
    }
  });
}

test('the limit of the service applies', async (t) => {
  const { manager } = await startService(t, { maxSession: 1 });
  const sessions = new RedisSessions({ manager });
  await sessions.create({ app, id: 'alice', ip });
  await t.throwsAsync(sessions.create({ app, id: 'alice', ip }), { name: 'SessionError', message: /maxSession \(1\)/ });
});

test('a session that a manager created is shown with its data', async (t) => {
  const { manager, clock } = await startService(t);
  const sessions = new RedisSessions({ manager });
  const issued = await manager.inApp(app).createSession('alice', { ttl: 60_000, attributes: { cart: [1, 2] } });
  await clock.advance(5_000);
  t.deepEqual(await sessions.get({ app, token: issued.token }), {
    id: 'alice',
    r: 1,
    w: 1,
    ttl: 60,
    idle: 5,
    ip: '',
    d: { cart: [1, 2] },
  });
});

test('a no_resave session closes as max-age, others as expired', async (t) => {
  const { manager, clock, events } = await startService(t, { maxSession: 0 });
  const sessions = new RedisSessions({ manager: manager.inApp(app) });
  const closed: string[] = [];
  manager.inApp(app).on('closed', ({ accountId, reason }) => closed.push(`${accountId} ${reason}`));
  const fixed = await sessions.create({ app, id: 'fixed', ip, ttl: 10, no_resave: true });
  await sessions.create({ app, id: 'idle', ip, ttl: 10 });
  await clock.advance(5_000);
  await sessions.get({ app, token: fixed.token });
  await clock.advance(8_000);
  t.deepEqual(closed.sort(), ['fixed max-age', 'idle expired']);
  t.deepEqual(events.names, [], 'of another app');
});

test('activity counts only sessions that still exist, not killed ones', async (t) => {
  const { manager, clock } = await startService(t, { maxSession: 0 });
  const sessions = new RedisSessions({ manager });
  await sessions.create({ app, id: 'alice', ip });
  await clock.advance(20_000);
  const { token } = await sessions.create({ app, id: 'alice', ip });
  t.deepEqual(await sessions.activity({ app, deltaTime: 10 }), { activity: 1 });
  await sessions.kill({ app, token });
  t.deepEqual(await sessions.activity({ app, deltaTime: 10 }), { activity: 0 });
  t.deepEqual(await sessions.activity({ app, deltaTime: 60 }), { activity: 1 });
});
