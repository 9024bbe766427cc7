import test from 'ava';
import { eventually } from '../../support/eventually.js';
import { away, revive, startHooked } from '../hooked-stage.js';
import { Gates } from '../kit.js';
import { contentOf, loadedSession, sessionData } from '../session-data.js';

test('a login leaves no session of the account when a destroy precedes any of its steps', async (t) => {
  for (let step = 1; step < 12; step += 1) {
    const { hooked, newStore, manager, visitors } = await startHooked(t);
    await newStore().set('sid', sessionData({ a: 1 }));
    const store = newStore();
    const loaded = Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice' });
    let count = 0;
    hooked.before = async () => {
      count += 1;
      if (count === step) await newStore().destroy('sid');
    };
    await store.set('sid', loaded);
    revive(hooked);
    if (count < step) await newStore().destroy('sid');
    t.is(await newStore().get('sid'), undefined, `step ${step}`);
    t.deepEqual((await manager.sessionsOfApp()).sessions, [], `step ${step}`);
    t.deepEqual((await visitors.sessionsOfApp()).sessions, [], `step ${step}`);
  }
});

test('a login that finishes during a destroy leaves no session of the account', async (t) => {
  const { hooked, newStore, manager, visitors } = await startHooked(t);
  await newStore().set('sid', sessionData({ a: 1 }));
  const store = newStore();
  const loaded = Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice' });
  const gates = new Gates();
  let destroyed: Promise<void> | undefined;
  hooked.before = async (operation) => {
    if (operation === 'end') await gates.pass('end');
    if (operation !== 'insertOnce') return;
    destroyed = newStore().destroy('sid');
    await eventually(() => gates.of('end').arrived === 1);
  };
  const saved = store.set('sid', loaded);
  await Promise.race([saved, eventually(() => gates.of('end').arrived === 2)]);
  gates.of('end').open();
  await Promise.all([destroyed, saved]);
  t.is(await newStore().get('sid'), undefined);
  t.deepEqual((await manager.sessionsOfApp()).sessions, []);
  t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
});

test('a login keeps a cookie that another request changes during its steps', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  await newStore().set('sid', sessionData({ a: 1 }));
  const store = newStore();
  const login = Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice' });
  const other = await loadedSession(store, 'sid');
  Object.assign(other.cookie, { originalMaxAge: 86_400_000 });
  hooked.before = async (operation) => {
    if (operation !== 'patch') return;
    revive(hooked);
    await newStore().touch('sid', other);
  };
  await store.set('sid', login);
  const { cookie, accountId } = await loadedSession(newStore(), 'sid');
  t.is(cookie.originalMaxAge, 86_400_000);
  t.is(accountId, 'alice');
  t.is((await store.sessionOf('sid'))?.ttl, 86_400_000);
});

for (const content of [{ a: 1 }, { a: 1, accountId: 'alice' }]) {
  const what = 'accountId' in content ? 'a login' : 'a session';
  test(`a save that waits for another save to create ${what} creates it itself if the other save fails`, async (t) => {
    const { hooked, newStore } = await startHooked(t);
    const store = newStore();
    const session = sessionData(content);
    hooked.before = () => {
      revive(hooked);
      throw away();
    };
    const first = store.set('sid', session);
    const others = [{ b: 2 }, { c: 3 }].map((change) => store.set('sid', Object.assign(session, change)));
    await t.throwsAsync(first, { message: 'The store is away' });
    await Promise.all(others);
    t.deepEqual(await contentOf(newStore(), 'sid'), { ...content, b: 2, c: 3 });
  });
}

test('a sid whose account changes while another process loads it is loaded with the new account', async (t) => {
  const { hooked, newStore, manager } = await startHooked(t);
  await newStore().set('sid', sessionData({ a: 1, accountId: 'alice' }));
  const store = newStore();
  const change = Object.assign(await loadedSession(store, 'sid'), { accountId: 'bob' });
  let reads = 0;
  hooked.before = async (operation) => {
    if (operation === 'get') reads += 1;
    // The other process has read the visitor session, with its binding to alice. Next it reads the login session.
    if (reads !== 2) return;
    revive(hooked);
    await store.set('sid', change);
  };
  t.deepEqual(await contentOf(newStore(), 'sid'), { a: 1, accountId: 'bob' });
  t.is((await manager.sessionsOfAccount('bob')).length, 1);
});

test('a slow login that another process took for dead and finished deletes no data when it continues', async (t) => {
  const { hooked, newStore, manager, clock } = await startHooked(t);
  await newStore().set('sid', sessionData({ a: 1, b: 2 }));
  const slow = newStore();
  const slowLogin = Object.assign(await loadedSession(slow, 'sid'), { accountId: 'alice' });
  const gates = new Gates();
  hooked.before = async (operation) => {
    if (operation !== 'patch') return;
    revive(hooked);
    await gates.pass('slow');
  };
  const saved = slow.set('sid', slowLogin);
  await eventually(() => gates.of('slow').arrived === 1);
  await clock.advance(6_000);
  const other = newStore();
  await other.set('sid', Object.assign(await loadedSession(other, 'sid'), { accountId: 'alice', c: 3 }));
  t.deepEqual(await contentOf(other, 'sid'), { a: 1, b: 2, c: 3, accountId: 'alice' });
  gates.of('slow').open();
  await saved;
  for (const store of [slow, other, newStore()]) {
    t.deepEqual(await contentOf(store, 'sid'), { a: 1, b: 2, c: 3, accountId: 'alice' });
  }
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
});
