import test, { type ExecutionContext } from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { SessionMailboxStore, type SessionMailboxStoreOptions } from '../../src/express-session/index.js';
import type { SessionContextOptions } from '../../src/index.js';
import { startService } from '../support/service.js';
import { contentOf, loadedSession, sessionData } from './session-data.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

async function start(
  t: ExecutionContext,
  context: SessionContextOptions = {},
  options: SessionMailboxStoreOptions = {},
) {
  const service = await startService(
    t,
    // Each run of a background task takes a turn of the event loop. With the default intervals, days would take minutes.
    { gcTime: 15 * minute, maxAge: 0, gcInterval: 10 * minute, hbTime: 10 * minute, ...context },
    { clock: new ManualClock(Date.now()) },
  );
  const store = new SessionMailboxStore(service.manager, { allowKeptSid: true, ...options });
  t.teardown(() => store.close());
  return { ...service, store, visitors: service.manager.inApp('default-visitors') };
}

for (const account of [undefined, 'alice']) {
  const who = account === undefined ? 'a visitor' : 'a login';
  const content = account === undefined ? {} : { accountId: account };

  test(`${who} without an age in its cookie expires after gcTime`, async (t) => {
    const { store, clock } = await start(t);
    await store.set('sid', sessionData(content));
    t.is((await loadedSession(store, 'sid')).cookie.expires, null);
    await clock.advance(15 * minute - 1);
    t.truthy(await store.get('sid'));
    await clock.advance(1);
    t.is(await store.get('sid'), undefined);
  });

  test(`${who} expires when the age of its cookie has passed since the last renewal, and get does not renew it`, async (t) => {
    const { store, clock } = await start(t);
    const began = clock.now();
    await store.set('sid', sessionData(content, { originalMaxAge: 2 * day }));
    await clock.advance(day);
    const { cookie } = await loadedSession(store, 'sid');
    t.deepEqual([cookie.originalMaxAge, cookie.expires], [2 * day, new Date(began + 2 * day)]);
    await store.touch('sid', await loadedSession(store, 'sid'));
    await clock.advance(2 * day - 1);
    // A loaded cookie has an expiry at least one second in the future.
    t.deepEqual((await loadedSession(store, 'sid')).cookie.expires, new Date(began + 3 * day - 1 + 1_000));
    await clock.advance(1);
    t.is(await store.get('sid'), undefined);
  });

  test(`${who} whose cookie has a date expires on that date, which a touch does not change`, async (t) => {
    const { store, clock } = await start(t);
    const expires = new Date(clock.now() + hour);
    await store.set('sid', sessionData(content, { originalMaxAge: null, expires }));
    await clock.advance(hour / 2);
    const loaded = await loadedSession(store, 'sid');
    t.deepEqual([loaded.cookie.originalMaxAge, loaded.cookie.expires], [null, expires]);
    await store.touch('sid', loaded);
    await clock.advance(hour / 2 - 1);
    t.deepEqual((await loadedSession(store, 'sid')).cookie.expires, expires);
    await clock.advance(1);
    t.is(await store.get('sid'), undefined);
  });

  for (const [what, cookie] of Object.entries({
    'an age of 0': { originalMaxAge: 0 },
    'a negative age': { originalMaxAge: -5 },
    'a date in the past': { originalMaxAge: null, expires: new Date(0) },
    'a date in the past, as text': { originalMaxAge: null, expires: '1970-01-01T00:00:00.000Z' },
  })) {
    for (const verb of ['set', 'touch'] as const) {
      test(`a ${verb} of ${who} whose cookie has ${what} ends it`, async (t) => {
        const { store, manager } = await start(t);
        await store.set('sid', sessionData(content));
        await store[verb]('sid', Object.assign(await loadedSession(store, 'sid'), { cookie }));
        t.is(await store.get('sid'), undefined);
        t.deepEqual((await manager.sessionsOfApp()).sessions, []);
        await store.set('other', sessionData(content, cookie));
        t.is(await store.get('other'), undefined);
      });
    }
  }

  test(`a touch of ${who} changes its expiry and nothing else`, async (t) => {
    const { store, clock } = await start(t);
    await store.set('sid', sessionData({ ...content, a: 1 }));
    const before = await store.sessionOf('sid');
    await clock.advance(minute);
    const loaded = await loadedSession(store, 'sid');
    await store.touch('sid', Object.assign(loaded, { a: 2, accountId: 'mallory' }));
    const after = await store.sessionOf('sid');
    t.deepEqual(await contentOf(store, 'sid'), { ...content, a: 1 });
    t.deepEqual([after?.writes, after?.id], [before?.writes, before?.id]);
    t.is(after?.lastTime, clock.now());
    await store.touch('sid', sessionData({ other: true }));
    t.deepEqual(await contentOf(store, 'sid'), { ...content, a: 1 });
  });

  test(`a touch of ${who} stores a longer or shorter age of its cookie`, async (t) => {
    const { store, clock } = await start(t);
    await store.set('sid', sessionData(content, { originalMaxAge: hour }));
    for (const originalMaxAge of [30 * day, minute]) {
      const loaded = await loadedSession(store, 'sid');
      Object.assign(loaded.cookie, { originalMaxAge });
      await store.touch('sid', loaded);
      const { cookie } = await loadedSession(store, 'sid');
      t.deepEqual([cookie.originalMaxAge, cookie.expires], [originalMaxAge, new Date(clock.now() + originalMaxAge)]);
      await clock.advance(originalMaxAge - 1);
      t.truthy(await store.get('sid'));
    }
    await clock.advance(1);
    t.is(await store.get('sid'), undefined);
  });

  test(`within touchAfter a touch does not renew ${who}, but a save does`, async (t) => {
    const { store, clock } = await start(t, {}, { touchAfter: minute });
    await store.set('sid', sessionData(content));
    const renewedAt = async () => (await store.sessionOf('sid'))?.lastTime;
    const set = clock.now();
    await clock.advance(minute - 1);
    await store.touch('sid', await loadedSession(store, 'sid'));
    await store.set('sid', await loadedSession(store, 'sid'));
    t.is(await renewedAt(), clock.now());
    t.not(clock.now(), set);
    const saved = clock.now();
    await clock.advance(minute - 1);
    await store.touch('sid', await loadedSession(store, 'sid'));
    t.is(await renewedAt(), saved);
    await clock.advance(1);
    await store.touch('sid', await loadedSession(store, 'sid'));
    t.is(await renewedAt(), clock.now());
  });

  test(`a touchAfter longer than gcTime does not let ${who} expire while it is in use`, async (t) => {
    const { store, clock } = await start(t, {}, { touchAfter: hour });
    await store.set('sid', sessionData(content));
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(5 * minute);
      await store.touch('sid', await loadedSession(store, 'sid'));
    }
    t.truthy(await store.get('sid'));
  });
}

type Ending = (store: SessionMailboxStore, session: Awaited<ReturnType<typeof loadedSession>>) => Promise<void>;

/** Actions of a request on a session that it loaded before another request changed the cookie. */
const lateEndings: Readonly<Record<string, Ending>> = {
  'renews it': (store, session) => store.touch('sid', session),
  'saves another key': (store, session) => store.set('sid', Object.assign(session, { b: 2 })),
  'logs in or out': (store, session) =>
    store.set('sid', Object.assign(session, { accountId: 'accountId' in session ? undefined : 'bob' })),
};

for (const [what, end] of Object.entries(lateEndings)) {
  for (const content of [{ a: 1 }, { a: 1, accountId: 'alice' }]) {
    for (const [change, age] of [['longer', day] as const, ['shorter', minute] as const]) {
      const who = 'accountId' in content ? 'a login' : 'a visitor';
      test(`a ${change} age of the cookie applies although a request that had loaded ${who} before ${what}`, async (t) => {
        const { manager, clock } = await start(t);
        const newStore = () => {
          const store = new SessionMailboxStore(manager, { allowKeptSid: true });
          t.teardown(() => store.close());
          return store;
        };
        await newStore().set('sid', sessionData(content, { originalMaxAge: hour }));
        const store = newStore();
        const late = await loadedSession(store, 'sid');
        const changed = await loadedSession(store, 'sid');
        Object.assign(changed.cookie, { originalMaxAge: age });
        await store.set('sid', changed);
        await end(store, late);
        await clock.advance(age - 1);
        t.is((await newStore().get('sid'))?.cookie.originalMaxAge, age);
        await clock.advance(1);
        t.is(await newStore().get('sid'), undefined);
      });
    }
  }
}

test('the age that a login sets on the cookie applies although a request that had loaded the visitor before renews it', async (t) => {
  const { store, clock, manager } = await start(t);
  await store.set('sid', sessionData({ a: 1 }, { originalMaxAge: hour }));
  const [touched, saved] = [await loadedSession(store, 'sid'), await loadedSession(store, 'sid')];
  const login = Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice' });
  Object.assign(login.cookie, { originalMaxAge: 30 * day });
  await store.set('sid', login);
  await store.touch('sid', touched);
  await store.set('sid', Object.assign(saved, { b: 2 }));
  await clock.advance(30 * day - 1);
  t.deepEqual(await contentOf(new SessionMailboxStore(manager), 'sid'), { a: 1, b: 2, accountId: 'alice' });
});

test('requests that renew a login keep its visitor session alive as well', async (t) => {
  const { store, clock, manager } = await start(t);
  await store.set('sid', sessionData({ accountId: 'alice' }));
  for (let round = 0; round < 5 * 24 * 6; round += 1) {
    await clock.advance(10 * minute);
    await store.touch('sid', await loadedSession(store, 'sid'));
  }
  const cold = new SessionMailboxStore(manager);
  t.deepEqual(await contentOf(cold, 'sid'), { accountId: 'alice' });
  cold.close();
});

test('requests of a login renew its visitor session only once an hour', async (t) => {
  const { store, clock, visitors } = await start(t);
  const began = clock.now();
  await store.set('sid', sessionData({ accountId: 'alice' }));
  const renewedAt = async () => (await visitors.sessionsOfApp()).sessions[0]?.lastTime;
  for (let passed = 10 * minute; passed < hour; passed += 10 * minute) {
    await clock.advance(10 * minute);
    await store.touch('sid', await loadedSession(store, 'sid'));
    t.is(await renewedAt(), began);
  }
  await clock.advance(10 * minute);
  await store.touch('sid', await loadedSession(store, 'sid'));
  t.is(await renewedAt(), began + hour);
});

test('any process can still load a login that only a socket or a poll has renewed for a day', async (t) => {
  const { store, clock, manager } = await start(t);
  await store.set('sid', sessionData({ accountId: 'alice' }));
  const login = await store.sessionOf('sid');
  for (let passed = 0; passed < day; passed += 10 * minute) {
    await clock.advance(10 * minute);
    await login?.touch();
  }
  const cold = new SessionMailboxStore(manager);
  t.deepEqual(await contentOf(cold, 'sid'), { accountId: 'alice' });
  cold.close();
});

test('a request that loaded the session before the login does not shorten the life of the visitor session', async (t) => {
  const { store, clock, manager } = await start(t);
  await store.set('sid', sessionData({ a: 1 }));
  const stale = await loadedSession(store, 'sid');
  await store.set('sid', Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice' }));
  await store.touch('sid', stale);
  const login = await store.sessionOf('sid');
  await clock.advance(14 * minute);
  await login?.touch();
  await clock.advance(14 * minute);
  t.deepEqual(await contentOf(new SessionMailboxStore(manager), 'sid'), { a: 1, accountId: 'alice' });
});

test('after a logout the visitor session expires after gcTime', async (t) => {
  const { store, clock, visitors } = await start(t);
  await store.set('sid', sessionData({ accountId: 'alice', a: 1 }));
  const loaded = await loadedSession(store, 'sid');
  Reflect.deleteProperty(loaded, 'accountId');
  await store.set('sid', loaded);
  await clock.advance(15 * minute);
  t.is(await store.get('sid'), undefined);
  t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
});

test('maxAge of the context ends logins, and not visitors', async (t) => {
  const { store, clock } = await start(t, { maxAge: 2 * day });
  await store.set('visitor', sessionData({}, { originalMaxAge: 2 * day }));
  await store.set('login', sessionData({ accountId: 'alice' }, { originalMaxAge: 2 * day }));
  await clock.advance(day);
  for (const sid of ['visitor', 'login']) await store.touch(sid, await loadedSession(store, sid));
  await clock.advance(day);
  t.truthy(await store.get('visitor'));
  t.is(await store.get('login'), undefined);
});

test('the fields of a cookie are loaded as they were saved', async (t) => {
  const { store } = await start(t);
  const cookie = {
    originalMaxAge: hour,
    path: '/shop',
    httpOnly: false,
    secure: true,
    sameSite: 'strict',
    domain: 'a.b',
  };
  await store.set('sid', sessionData({}, { ...cookie, expires: new Date() }));
  const { expires, ...rest } = (await loadedSession(store, 'sid')).cookie;
  t.deepEqual({ ...rest }, cookie as never);
  t.true(expires instanceof Date);
});
