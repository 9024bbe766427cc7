import test, { type ExecutionContext } from 'ava';
import { SessionMailboxStore, type SessionMailboxStoreOptions } from '../../src/express-session/index.js';
import { startService, throwsCode } from '../support/service.js';
import { changing, startShop } from './kit.js';
import { contentOf, loadedSession, sessionData } from './session-data.js';
import { webServerNames } from './web-servers.js';

for (const server of webServerNames) {
  test(`${server}: keys that could change a prototype are not stored, and change no prototype`, async (t) => {
    const { browser } = await startShop(t, server, {
      actions: {
        attack: (web) => {
          Object.defineProperty(web().data, '__proto__', { value: { admin: true }, enumerable: true });
          Object.defineProperty(web().data, 'constructor', { value: { prototype: { admin: true } }, enumerable: true });
          web().data.mine = true;
        },
        admin: (web) => [({} as { admin?: boolean }).admin ?? null, (web().data as { admin?: boolean }).admin ?? null],
      },
    });
    const mallory = browser();
    await mallory.get('attack');
    t.deepEqual(await mallory.get('look'), { mine: true });
    t.deepEqual(await mallory.get('admin'), [null, null]);
  });

  test(`${server}: a cookie that is forged, cut or wrongly signed gives no session`, async (t) => {
    const { browser, store } = await startShop(t, server);
    const alice = browser();
    await alice.get('login?account=alice');
    const sid = String(await alice.get('sid'));
    const [name, value = ''] = (alice.cookie ?? '').split('=');
    for (const forged of [`s:${sid}`, sid, value.slice(0, -3), `${value}x`, `s%3A${sid}.${'A'.repeat(43)}`, 's:', '']) {
      t.deepEqual(await browser(`${name}=${forged}`).get('look'), {}, forged);
    }
    t.deepEqual(await alice.get('look'), { accountId: 'alice' });
    t.is((await store.ids()).length, 1);
  });

  test(`${server}: a session larger than dataMaxBytes is refused with an error that names the limit, and the stored data stays`, async (t) => {
    const { browser } = await startShop(t, server, { store: { dataMaxBytes: 1_000 } });
    const alice = browser();
    await alice.get(changing({ a: 1 }));
    const error = await t.throwsAsync(alice.get(changing({ big: 'x'.repeat(1_000) }).replace('change', 'save')));
    t.regex(error?.message ?? '', /dataMaxBytes \(1000\)/);
    t.deepEqual(await alice.get('look'), { a: 1 });
  });
}

test('keys that could change a prototype are neither stored nor loaded', async (t) => {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager);
  const attack: object = JSON.parse(
    '{"__proto__":{"admin":true},"constructor":1,"prototype":2,"a":{"__proto__":{"b":1}}}',
  );
  await store.set('sid', sessionData(attack));
  const loaded = await loadedSession(store, 'sid');
  t.deepEqual(Object.keys(loaded).toSorted(), ['a', 'cookie']);
  t.is(Object.getPrototypeOf(loaded), Object.prototype);
  const stored = Object.keys((await store.sessionOf('sid'))?.attributeTexts ?? {});
  t.deepEqual(stored.toSorted(), ['a', '~cookie', '~sid']);
  t.is(({} as { admin?: boolean }).admin, undefined);
  t.is(({} as { b?: number }).b, undefined);
});

test('a value that JSON cannot represent is refused with the name of its key, and nothing is stored', async (t) => {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager);
  const circular: { self?: object } = {};
  circular.self = circular;
  for (const value of [circular, 10n, '\ud800', { deep: nested(100) }]) {
    const { message } = await throwsCode(t, store.set('sid', sessionData({ fine: 1, bad: value })), 'INVALID_ARGUMENT');
    t.regex(message, /bad/);
  }
  t.is(await store.get('sid'), undefined);
});

function nested(depth: number): unknown {
  return depth === 0 ? 0 : [nested(depth - 1)];
}

const withinBounds: Readonly<Record<string, unknown>> = {
  'nested 64 levels deep': nested(64),
  'many values side by side': Array.from({ length: 100 }, () => [{ a: [] }]),
  'brackets within a text': { text: '['.repeat(100) },
  'brackets after a quote': `"${'['.repeat(100)}`,
  'brackets after a backslash': { a: '\\', b: '['.repeat(100) },
  'an escape sequence that is written out': '\\ud800',
  'a surrogate pair': '\u{1f600}',
};
for (const [what, value] of Object.entries(withinBounds)) {
  test(`a value with ${what} is stored, in a new session and in a loaded one`, async (t) => {
    const { manager } = await startService(t);
    const store = new SessionMailboxStore(manager);
    await store.set('sid', sessionData({ value }));
    t.deepEqual(await contentOf(store, 'sid'), { value });
    await store.set('sid', Object.assign(await loadedSession(store, 'sid'), { again: value }));
    t.deepEqual(await contentOf(store, 'sid'), { value, again: value });
  });
}

const outOfBounds: Readonly<Record<string, unknown>> = {
  'nested 65 levels deep': nested(65),
  'objects nested 65 levels deep': JSON.parse(`${'{"a":'.repeat(65)}0${'}'.repeat(65)}`),
  'a lone surrogate': '\ud800',
  'a lone low surrogate in a key': { '\udfff': 1 },
  'a lone surrogate after a backslash': '\\\ud800',
};
for (const [what, value] of Object.entries(outOfBounds)) {
  test(`a value with ${what} is refused with the name of its key, in a new session and in a loaded one`, async (t) => {
    const { manager } = await startService(t);
    const store = new SessionMailboxStore(manager);
    const fresh = await throwsCode(t, store.set('fresh', sessionData({ bad: value })), 'INVALID_ARGUMENT');
    t.regex(fresh.message, /session key bad/);
    await store.set('sid', sessionData({ fine: 1 }));
    const loaded = Object.assign(await loadedSession(store, 'sid'), { bad: value });
    const changed = await throwsCode(t, store.set('sid', loaded), 'INVALID_ARGUMENT');
    t.regex(changed.message, /session key bad/);
    t.deepEqual(await contentOf(store, 'sid'), { fine: 1 });
  });
}

test('dataMaxBytes counts the bytes of keys and JSON texts, and data of exactly that size is stored', async (t) => {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager, { dataMaxBytes: 20 });
  // Each character of the key and of the text is two bytes in UTF-8.
  await store.set('sid', sessionData({ éé: 'é'.repeat(7) }));
  t.deepEqual(await contentOf(store, 'sid'), { éé: 'é'.repeat(7) });
  await throwsCode(t, store.set('sid', sessionData({ éé: `${'é'.repeat(7)}x` })), 'INVALID_ARGUMENT');
  await throwsCode(t, store.set('sid', sessionData({ ééé: 'é'.repeat(7) })), 'INVALID_ARGUMENT');
});

/** Starts a store whose session `sid` has the maximum number of bytes. */
async function startFull(t: ExecutionContext, content: object, options: SessionMailboxStoreOptions = {}) {
  const service = await startService(t, { attributesMaxBytes: 2_000 });
  const store = new SessionMailboxStore(service.manager, { allowKeptSid: true, ...options });
  t.teardown(() => store.close());
  for (let size = 2_000; ; size -= 1) {
    const session = sessionData({ ...content, big: 'x'.repeat(size) });
    const isSaved = await store.set('sid', session).then(
      () => true,
      () => false,
    );
    if (isSaved) return { ...service, store, visitors: service.manager.inApp('default-visitors') };
  }
}

test('a logout succeeds though the visitor session has no room for the data, and ends the visitor session with its data', async (t) => {
  const { store, manager, visitors } = await startFull(t, { accountId: 'alice' });
  const session = await loadedSession(store, 'sid');
  Reflect.deleteProperty(session, 'accountId');
  await store.set('sid', session);
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  t.is(await store.get('sid'), undefined);
  t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
});

test('a logout that adds data for which there is no room fails, but still ends the session', async (t) => {
  const { store, manager } = await startFull(t, { accountId: 'alice' });
  const session = await loadedSession(store, 'sid');
  Reflect.deleteProperty(session, 'accountId');
  await throwsCode(t, store.set('sid', Object.assign(session, { notice: 'Goodbye' })), 'INVALID_ARGUMENT');
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  t.is(await store.get('sid'), undefined);
});

test('a logout with a value that cannot be stored changes nothing', async (t) => {
  const { store } = await startFull(t, { accountId: 'alice' });
  const session = await loadedSession(store, 'sid');
  Reflect.deleteProperty(session, 'accountId');
  await throwsCode(t, store.set('sid', Object.assign(session, { big: '\ud800' })), 'INVALID_ARGUMENT');
  t.like(await contentOf(store, 'sid'), { accountId: 'alice' });
});

test('a login for which the visitor session has no room fails, and leaves no session of the account', async (t) => {
  // The key is so short that the login session has room for it, but the visitor session has no room for the binding.
  const { store, manager } = await startFull(t, {}, { accountKey: 'a' });
  const session = Object.assign(await loadedSession(store, 'sid'), { a: 'a' });
  await throwsCode(t, store.set('sid', session), 'INVALID_ARGUMENT');
  t.deepEqual(await manager.sessionsOfAccount('a'), []);
});

test('a full visitor session can be destroyed', async (t) => {
  const { store, visitors } = await startFull(t, {});
  await store.destroy('sid');
  t.is(await store.get('sid'), undefined);
  t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
});

test('attributes with reserved names and damaged values break no request', async (t) => {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager);
  await store.set('sid', sessionData({ a: 1, accountId: 'alice' }));
  const login = await store.sessionOf('sid');
  for (const name of ['~cookie', '~=x', '~=#x', '~binding', '~settled', '~former', '~anything']) {
    for (const value of ['text', 5, [], [1], ['key'], { generation: 'x' }, { generation: 5, accountId: 7 }]) {
      await login?.setAttr(name, value);
      t.deepEqual(await contentOf(store, 'sid'), { a: 1, accountId: 'alice' });
    }
  }
});

test('sids that were evicted from the cache are read from the store', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const store = new SessionMailboxStore(manager, { cacheSize: 2 });
  const sids = ['one', 'two', 'three', 'four'];
  for (const sid of sids) await store.set(sid, sessionData({ sid, accountId: 'alice' }));
  for (const sid of [...sids, ...sids]) t.deepEqual(await contentOf(store, sid), { sid, accountId: 'alice' });
});

test('an address of more than 64 characters, as from a forged header, does not fail a login', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const store = new SessionMailboxStore(manager);
  for (const ip of ['x'.repeat(64), 'x'.repeat(65)]) {
    const session = sessionData({ accountId: 'alice' });
    Object.defineProperty(session, 'req', { value: { ip, headers: {} } });
    await store.set(ip, session);
    t.is((await store.sessionOf(ip))?.ip, ip.length > 64 ? '' : ip);
  }
});

test('a login behind a proxy whose address has a tab is stored, without the address', async (t) => {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager);
  const session = sessionData({ accountId: 'alice' });
  // Express takes this address from `X-Forwarded-For: 192.0.2.1,\t192.0.2.2`.
  const request = { ip: '\t192.0.2.2', headers: { 'user-agent': 'Agent/1.0' } };
  Object.defineProperty(session, 'req', { value: request });
  await store.set('sid', session);
  const [login] = await manager.sessionsOfAccount('alice');
  t.is(login?.ip, '');
  t.is(login?.userAgent, 'Agent/1.0');
});
