import { hash } from 'node:crypto';
import test from 'ava';
import fc from '../support/fast-check.js';
import { sessionData as data, contentOf as dataOf } from './session-data.js';
import { minute, start } from './store-stage.js';

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
