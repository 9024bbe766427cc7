import test from 'ava';
import { sessionData as data, contentOf as dataOf } from './session-data.js';
import { day, minute, start } from './store-stage.js';

const endings: Readonly<Record<string, (kit: Awaited<ReturnType<typeof start>>) => Promise<unknown>>> = {
  'was destroyed': ({ store }) => store.destroy('sid'),
  'has expired': ({ clock }) => clock.advance(20 * minute),
  'was cleared': ({ store }) => store.clear(),
};
for (const [ending, end] of Object.entries(endings)) {
  for (const account of [undefined, 'alice']) {
    for (const wait of [0, 2 * day]) {
      const when = wait === 0 ? 'at once' : 'long after';
      test(`a loaded session that ${ending}, ${account ? 'a login' : 'no login'}, is not revived by a save ${when}`, async (t) => {
        const kit = await start(t, { gcTime: 15 * minute, maxAge: 0 });
        const { store, manager, visitors, clock } = kit;
        await store.set('sid', data({ a: 1, ...(account && { accountId: account }) }));
        const [loaded, touched, bound] = [await store.get('sid'), await store.get('sid'), await store.get('sid')];
        await end(kit);
        await clock.advance(wait);
        await store.set('sid', Object.assign(loaded ?? data(), { a: 2 }));
        await store.set('sid', Object.assign(bound ?? data(), { accountId: 'mallory' }));
        await store.touch('sid', touched ?? data());
        t.is(await store.get('sid'), undefined);
        t.deepEqual((await manager.sessionsOfApp()).sessions, []);
        t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
      });
    }
  }
}

test('a plain object does not revive a destroyed sid within tombstoneTime', async (t) => {
  const { store, clock, manager } = await start(t, { tombstoneTime: minute });
  await store.set('sid', data({ accountId: 'alice' }));
  await store.destroy('sid');
  await store.set('sid', data({ accountId: 'alice' }));
  t.is(await store.get('sid'), undefined);
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  await clock.advance(minute);
  await store.set('sid', data({ a: 1 }));
  t.deepEqual(await dataOf(store, 'sid'), { a: 1 });
});

test('a request whose session was logged out after it loaded the session changes neither the visitor nor the next login', async (t) => {
  const { store, manager } = await start(t);
  await store.set('sid', data({ accountId: 'alice' }));
  const [late, logout] = [await store.get('sid'), await store.get('sid')];
  Reflect.deleteProperty(logout ?? {}, 'accountId');
  await store.set('sid', logout ?? data());
  await store.set('sid', Object.assign(late ?? data(), { late: 1 }));
  t.deepEqual(await dataOf(store, 'sid'), {});
  const login = await store.get('sid');
  await store.set('sid', Object.assign(login ?? data(), { accountId: 'bob' }));
  await store.set('sid', Object.assign(late ?? data(), { late: 2 }));
  t.deepEqual(await dataOf(store, 'sid'), { accountId: 'bob' });
  t.is((await manager.sessionsOfApp()).sessions.length, 1);
});
