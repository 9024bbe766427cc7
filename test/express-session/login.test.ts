import test from 'ava';
import { eventually } from '../support/eventually.js';
import { throwsCode } from '../support/service.js';
import { sessionData as data, contentOf as dataOf } from './session-data.js';
import { start } from './store-stage.js';

test('a login keeps changes that other requests of the visitor make at the same time', async (t) => {
  const { store } = await start(t);
  await store.set('sid', data({ a: 1, b: 1 }));
  const [login, before, after] = [await store.get('sid'), await store.get('sid'), await store.get('sid')];
  await store.set('sid', Object.assign(before ?? data(), { a: 2 }));
  await store.set('sid', Object.assign(login ?? data(), { accountId: 'alice' }));
  await store.set('sid', Object.assign(after ?? data(), { c: 3 }));
  t.deepEqual(await dataOf(store, 'sid'), { a: 2, b: 1, c: 3, accountId: 'alice' });
});

test('an account id may be a number, and is loaded as a number', async (t) => {
  const { store, manager } = await start(t);
  await store.set('sid', data({ accountId: 42 }));
  t.deepEqual(await dataOf(store, 'sid'), { accountId: 42 });
  t.is((await manager.sessionsOfAccount('42')).length, 1);
  for (const accountId of [true, {}, [], { id: 1 }]) {
    await throwsCode(t, store.set('other', data({ accountId })), 'INVALID_ARGUMENT');
  }
  t.is(await store.get('other'), undefined);
});

for (const accountId of [null, false, '']) {
  test(`accountId ${JSON.stringify(accountId)} is loaded as it was saved, and binds the session to no account`, async (t) => {
    const { store, manager } = await start(t);
    await store.set('sid', data({ accountId }));
    t.deepEqual(await dataOf(store, 'sid'), { accountId });
    t.deepEqual((await manager.sessionsOfApp()).sessions, []);
  });
}

test('an attribute accountId that other code sets or deletes neither binds nor unbinds a session', async (t) => {
  const { store, manager, visitors } = await start(t);
  await store.set('sid', data({ a: 1 }));
  const [visitor] = (await visitors.sessionsOfApp()).sessions;
  await visitor?.setAttr('accountId', 'mallory');
  t.deepEqual(await dataOf(store, 'sid'), { a: 1 });
  await store.set('login', data({ accountId: 'alice' }));
  const [login] = await manager.sessionsOfAccount('alice');
  await login?.setAttr('accountId', 'mallory');
  t.deepEqual(await dataOf(store, 'login'), { accountId: 'alice' });
  await login?.removeAttr('accountId');
  t.deepEqual(await dataOf(store, 'login'), { accountId: 'alice' });
});

test('the options accountKey and visitorApp name the account key and the app of visitors', async (t) => {
  const { store, manager } = await start(t, {}, { accountKey: 'user', visitorApp: 'guests' });
  await store.set('sid', data({ user: 'alice', accountId: 'bob' }));
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
  t.deepEqual(await manager.sessionsOfAccount('bob'), []);
  t.is((await manager.inApp('guests').sessionsOfApp()).sessions.length, 1);
});

test('a login as an account that is at its limit fails, changes nothing, and can be tried again', async (t) => {
  const { store, manager } = await start(t, { maxSession: 1 });
  await manager.createSession('alice');
  await store.set('sid', data({ a: 1 }));
  const loaded = Object.assign((await store.get('sid')) ?? data(), { accountId: 'alice', b: 2 });
  await throwsCode(t, store.set('sid', loaded), 'SESSION_LIMIT');
  t.deepEqual(await dataOf(store, 'sid'), { a: 1 });
  const fresh = data({ accountId: 'alice', c: 3 });
  await throwsCode(t, store.set('fresh', fresh), 'SESSION_LIMIT');
  await manager.closeAccount('alice');
  await store.set('fresh', fresh);
  t.deepEqual(await dataOf(store, 'fresh'), { accountId: 'alice', c: 3 });
  await manager.closeAccount('alice');
  await store.set('sid', loaded);
  t.deepEqual(await dataOf(store, 'sid'), { accountId: 'alice', a: 1, b: 2 });
});

test('an evicted login is no longer loaded', async (t) => {
  const { store } = await start(t, { maxSession: 1, onMaxSession: 'evict-oldest' });
  await store.set('one', data({ accountId: 'alice' }));
  await store.set('two', data({ accountId: 'alice' }));
  t.is(await store.get('one'), undefined);
  t.deepEqual(await store.ids(), ['two']);
});

test('sessionOf returns the login session of a bound sid, else the visitor session', async (t) => {
  const { store, manager } = await start(t);
  t.is(await store.sessionOf('unknown'), undefined);
  await store.set('sid', data({ theme: 'dark' }));
  const visitor = await store.sessionOf('sid');
  t.deepEqual([visitor?.app, visitor?.getAttr('theme')], ['default-visitors', 'dark']);
  const loaded = await store.get('sid');
  await store.set('sid', Object.assign(loaded ?? data(), { accountId: 'alice' }));
  const login = await store.sessionOf('sid');
  t.deepEqual([login?.app, login?.accountId, login?.getAttr('theme')], ['default', 'alice', 'dark']);
  await manager.push(login?.id ?? '', 'hi');
  t.is((await login?.drain())?.messages.length, 1);
});

test('undelivered messages of a visitor move to the login, in order; those of an account do not move to another account', async (t) => {
  const { store, manager, visitors } = await start(t);
  await store.set('sid', data({ a: 1 }));
  const visitor = await store.sessionOf('sid');
  await visitors.push(visitor?.id ?? '', 'first');
  await visitors.push(visitor?.id ?? '', 'old', { key: 'state' });
  const held = visitors.poll(visitor?.id ?? '', { after: '', reader: 'tab' });
  t.is((await held).messages.length, 2);
  const loaded = await store.get('sid');
  await store.set('sid', Object.assign(loaded ?? data(), { accountId: 'alice' }));
  const login = await store.sessionOf('sid');
  await manager.push(login?.id ?? '', 'new', { key: 'state' });
  const batch = await login?.drain();
  t.deepEqual(
    batch?.messages.map(({ json }) => json),
    ['"first"', '"new"'],
  );
  await manager.push(login?.id ?? '', 'for alice');
  await store.set('sid', Object.assign((await store.get('sid')) ?? data(), { accountId: 'bob' }));
  t.deepEqual((await (await store.sessionOf('sid'))?.drain())?.messages, []);
});

test('messages that moved to the login are no longer in the mailbox of the visitor', async (t) => {
  const { store, visitors } = await start(t);
  await store.set('sid', data({ a: 1 }));
  const id = (await store.sessionOf('sid'))?.id ?? '';
  await visitors.push(id, 'welcome');
  await store.set('sid', Object.assign((await store.get('sid')) ?? data(), { accountId: 'alice' }));
  await eventually(async () => (await visitors.getSession(id)).undelivered === 0);
  t.is((await (await store.sessionOf('sid'))?.drain())?.messages.length, 1);
});

test('a login succeeds although its mailbox has no room for the undelivered messages of the visitor', async (t) => {
  const { store, manager, visitors } = await start(t, { msgMaxLength: 2, onOverflow: 'reject' });
  await store.set('sid', data({ a: 1 }));
  const visitor = await store.sessionOf('sid');
  for (const message of [1, 2]) await visitors.push(visitor?.id ?? '', message);
  manager.on('created', ({ id }) => {
    for (const message of ['a', 'b']) manager.push(id, message).catch((error) => t.fail(String(error)));
  });
  await store.set('sid', Object.assign((await store.get('sid')) ?? data(), { accountId: 'alice' }));
  t.deepEqual(await dataOf(store, 'sid'), { a: 1, accountId: 'alice' });
  t.deepEqual(
    (await (await store.sessionOf('sid'))?.drain())?.messages.map(({ json }) => json),
    ['"a"', '"b"'],
  );
});
