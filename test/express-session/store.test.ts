import { hash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { SessionMailboxStore, type SessionMailboxStoreOptions } from '../../src/express-session/index.js';
import type { SessionContextOptions } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import fc from '../support/fast-check.js';
import { startService, throwsCode } from '../support/service.js';
import { sessionData as data, contentOf as dataOf } from './session-data.js';

const minute = 60_000;
const day = 86_400_000;

async function start(
  t: ExecutionContext,
  context: SessionContextOptions = {},
  options: SessionMailboxStoreOptions = {},
) {
  // Each run of a background task takes a turn of the event loop. With the default intervals, days would take minutes.
  const intervals = { gcInterval: minute, hbTime: minute };
  const service = await startService(t, { ...intervals, ...context }, { clock: new ManualClock(Date.now()) });
  const store = new SessionMailboxStore(service.manager, { allowKeptSid: true, ...options });
  t.teardown(() => store.close());
  return { ...service, store, visitors: service.manager.inApp('default-visitors') };
}

test('get returns a new object each time, and undefined for an unknown sid', async (t) => {
  const { store } = await start(t);
  t.is(await store.get('unknown'), undefined);
  await store.set('sid', data({ a: { b: 1 } }));
  const [one, other] = [await store.get('sid'), await store.get('sid')];
  t.deepEqual(one, other);
  t.not(one, other);
  t.is(Object.getPrototypeOf(one), Object.prototype);
});

test('any JSON value under any key is loaded as it was saved', async (t) => {
  const { store } = await start(t);
  let count = 0;
  const keys = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('~', '~=a', '~cookie', '#x', 'x'.repeat(300), '\n', ''),
  );
  const wellFormed = (value: unknown) => JSON.stringify(value).isWellFormed();
  const contents = fc.dictionary(keys, fc.jsonValue({ noUnicodeString: false, maxDepth: 3 })).filter(wellFormed);
  const kept = ({
    cookie: _cookie,
    constructor: _constructor,
    prototype: _prototype,
    ['__proto__']: _proto,
    ...rest
  }: Record<string, unknown>) => JSON.parse(JSON.stringify(rest));
  await fc.assert(
    fc.asyncProperty(contents, contents, async (first, second) => {
      count += 1;
      const sid = `sid${count}`;
      await store.set(sid, data(first));
      t.deepEqual(await dataOf(store, sid), kept(first));
      const loaded = await store.get(sid);
      for (const key of Object.keys(first)) Reflect.deleteProperty(loaded ?? {}, key);
      await store.set(sid, data(second));
      t.deepEqual(await dataOf(store, sid), kept(second));
    }),
  );
});

test('keys whose attribute names could coincide or be too long do not overwrite each other', async (t) => {
  const { store } = await start(t);
  const odd = 'a key with\na line break';
  // The attribute name of the key `odd`, without its prefix.
  const named = `#${hash('sha256', odd, 'base64url')}`;
  const content = { [odd]: 1, [named]: null, ['x'.repeat(127)]: null, ['y'.repeat(128)]: null };
  await store.set('sid', data(content));
  t.deepEqual(await dataOf(store, 'sid'), content);
});

test('a save leaves an attribute named cookie unchanged, which is not part of the data', async (t) => {
  const { store } = await start(t);
  await store.set('sid', data({ a: 1 }));
  await (await store.sessionOf('sid'))?.setAttr('cookie', 'of other code');
  const loaded = await store.get('sid');
  t.is(loaded?.cookie.path, '/');
  await store.set('sid', Object.assign(loaded ?? data(), { a: 2 }));
  t.is((await store.sessionOf('sid'))?.getAttr('cookie'), 'of other code');
  t.deepEqual(await dataOf(store, 'sid'), { a: 2 });
});

test('null is stored as a value, and a later value replaces it, whether it is set here or as an attribute', async (t) => {
  const { store, visitors } = await start(t);
  await store.set('sid', data({ a: null, b: 1 }));
  t.deepEqual(await dataOf(store, 'sid'), { a: null, b: 1 });
  const loaded = await store.get('sid');
  await store.set('sid', Object.assign(loaded ?? data(), { a: 2, b: null }));
  t.deepEqual(await dataOf(store, 'sid'), { a: 2, b: null });
  const [visitor] = (await visitors.sessionsOfApp()).sessions;
  await visitor?.setAttr('b', 5);
  t.deepEqual(await dataOf(store, 'sid'), { a: 2, b: 5 });
});

test('saving a plain object replaces the whole content; saving a loaded object stores only its changes', async (t) => {
  const { store } = await start(t);
  await store.set('sid', data({ a: 1, b: 1 }));
  const loaded = await store.get('sid');
  await store.set('sid', data({ b: 1, c: 3 }));
  t.deepEqual(await dataOf(store, 'sid'), { b: 1, c: 3 });
  await store.set('sid', Object.assign(loaded ?? data(), { b: 2 }));
  t.deepEqual(await dataOf(store, 'sid'), { b: 2, c: 3 });
});

test('an object that was loaded for one sid replaces the whole content of another sid', async (t) => {
  const { store } = await start(t);
  await store.set('sid', data({ a: 1, b: 1 }));
  await store.set('other', data({ c: 1 }));
  const loaded = Object.assign((await store.get('sid')) ?? data(), { a: 2 });
  await store.set('other', loaded);
  t.deepEqual(await dataOf(store, 'other'), { a: 2, b: 1 });
  t.deepEqual(await dataOf(store, 'sid'), { a: 1, b: 1 });
});

test('a key that is set to undefined is deleted; for the account key this is a logout', async (t) => {
  const { store, manager } = await start(t);
  await store.set('sid', data({ a: 1, b: 2, accountId: 'alice' }));
  const loaded = await store.get('sid');
  await store.set('sid', Object.assign(loaded ?? data(), { a: undefined, accountId: undefined }));
  t.deepEqual(await dataOf(store, 'sid'), { b: 2 });
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
});

test('set ignores changes that the caller makes after the call', async (t) => {
  const { store } = await start(t);
  const session = data({ list: [1] });
  const saved = store.set('sid', session);
  Object.assign(session, { list: [2], late: true });
  await saved;
  t.deepEqual(await dataOf(store, 'sid'), { list: [1] });
});

test('of concurrent saves of one object, the last one wins', async (t) => {
  const { store } = await start(t);
  const session = data({ a: 0 });
  const saves = [1, 2, 3, 2].map((a) => store.set('sid', Object.assign(session, { a })));
  await Promise.all(saves);
  t.deepEqual(await dataOf(store, 'sid'), { a: 2 });
});

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

test('destroy, touch and get of an unknown sid do nothing', async (t) => {
  const { store, visitors } = await start(t);
  t.is(await store.destroy('unknown'), undefined);
  t.is(await store.touch('unknown', data({ a: 1 })), undefined);
  t.is(await store.get('unknown'), undefined);
  t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
});

test('all, ids and length return the live sessions, and clear ends them', async (t) => {
  const { store, manager, clock } = await start(t, { gcTime: minute });
  const elsewhere = await manager.createSession('alice');
  await store.set('expired', data({ n: 0 }));
  await clock.advance(minute / 2);
  await store.set('visitor', data({ n: 1 }));
  await store.set('login', data({ n: 2, accountId: 'alice' }));
  await store.set('revoked', data({ n: 3, accountId: 'bob' }));
  await manager.closeAccount('bob');
  await elsewhere.touch();
  await clock.advance(minute / 2);
  const expected = [
    { id: 'login', n: 2, accountId: 'alice' },
    { id: 'visitor', n: 1 },
  ];
  const all = await store.all();
  t.true(all.every(({ cookie }) => cookie.path === '/'));
  const told = all.map(({ cookie: _cookie, ...rest }) => JSON.stringify(rest, ['id', 'n', 'accountId']));
  t.deepEqual(
    told.toSorted(),
    expected.map((each) => JSON.stringify(each)),
  );
  t.deepEqual((await store.ids()).toSorted(), ['login', 'visitor']);
  t.is(await store.length(), 2);
  await store.clear();
  t.deepEqual([await store.all(), await store.ids(), await store.length()], [[], [], 0]);
  t.deepEqual(
    (await manager.sessionsOfAccount('alice')).map(({ id }) => id),
    [elsewhere.id],
  );
});

test('sessions of several pages are all listed, and all cleared', async (t) => {
  const { store, manager } = await start(t, { maxSession: 0 });
  const sids = Array.from({ length: 1_203 }, (_, each) => `sid${each}`);
  await Promise.all(sids.map((sid, each) => store.set(sid, data(each % 3 === 0 ? { accountId: 'alice' } : {}))));
  t.deepEqual((await store.ids()).toSorted(), sids.toSorted());
  t.is(await store.length(), sids.length);
  await store.clear();
  t.is(await store.length(), 0);
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
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

test('the sid is in no session id, no account id and no event', async (t) => {
  const { store, manager, visitors, events } = await start(t);
  const sid = 'the-secret-of-another-system';
  await store.set(sid, data({ accountId: 'alice' }));
  const all = [...(await manager.sessionsOfApp()).sessions, ...(await visitors.sessionsOfApp()).sessions];
  t.is(all.length, 2);
  t.false(JSON.stringify([all, events.entries]).includes(sid));
  // The plain digest must not occur either, because other uses of the sid could reveal it.
  const digest = hash('sha256', sid, 'base64url');
  t.false(JSON.stringify([all, events.entries]).includes(digest));
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
