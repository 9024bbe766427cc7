import test from 'ava';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import { startService, throwsCode } from '../support/service.js';
import { away, startHooked } from './hooked-stage.js';
import { contentOf, loadedSession, sessionData } from './session-data.js';

test('an earlier save does not undo a save that is made while a waiting save creates the session', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  const store = newStore();
  const session = sessionData({ a: 1 });
  let count = 0;
  let last: Promise<void> | undefined;
  hooked.before = () => {
    count += 1;
    if (count === 1) throw away();
    // The application makes another save while the second save creates the session.
    if (count === 2) last = store.set('sid', Object.assign(session, { step: 4 }));
  };
  const saves = [1, 2, 3].map((step) => store.set('sid', Object.assign(session, { step })));
  await t.throwsAsync(async () => saves[0], { message: 'The store is away' });
  await Promise.all(saves.slice(1));
  await last;
  t.deepEqual(await contentOf(newStore(), 'sid'), { a: 1, step: 4 });
});

test('a refused login that is saved again and removed in the same turn creates no session', async (t) => {
  const { newStore, manager } = await startHooked(t, { maxSession: 1 });
  const store = newStore();
  const other = await manager.createSession('alice');
  await store.set('sid', sessionData({ a: 1 }));
  const session = Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice' });
  await throwsCode(t, store.set('sid', session), 'SESSION_LIMIT');
  await manager.closeSession(other.id);
  const again = store.set('sid', session);
  Reflect.deleteProperty(session, 'accountId');
  const givenUp = store.set('sid', Object.assign(session, { b: 2 }));
  await Promise.allSettled([again, givenUp]);
  t.deepEqual(await contentOf(newStore(), 'sid'), { a: 1, b: 2 });
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
});

for (const size of [840, 860, 880, 900, 920]) {
  test(`a logout whose data does not fit next to the changes of another request, here of ${size} bytes, ends the login session`, async (t) => {
    const { hooked, newStore, manager } = await startHooked(t, { attributesMaxBytes: 2_000 });
    const store = newStore();
    await store.set('sid', sessionData({ accountId: 'alice', x: 'x'.repeat(1_000) }));
    const session = await loadedSession(store, 'sid');
    Reflect.deleteProperty(session, 'accountId');
    let hasWritten = false;
    hooked.before = async (operation) => {
      if (operation !== 'patch' || hasWritten) return;
      hasWritten = true;
      const other = newStore();
      await other.set('sid', Object.assign(await loadedSession(other, 'sid'), { y: 'y'.repeat(size) }));
    };
    await store.set('sid', session).catch(() => {});
    hooked.before = () => {};
    t.true(hasWritten);
    t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  });
}

test('logins for which the visitor session has no room do not prevent a later login', async (t) => {
  const { manager } = await startService(t, { attributesMaxBytes: 2_000 });
  const store = new SessionMailboxStore(manager, { allowKeptSid: true, accountKey: 'a' });
  t.teardown(() => store.close());
  for (let size = 2_000; ; size -= 1) {
    const saved = await store.set('sid', sessionData({ big: 'x'.repeat(size) })).then(
      () => true,
      () => false,
    );
    if (saved) break;
  }
  for (let round = 0; round < 10; round += 1) {
    const session = Object.assign(await loadedSession(store, 'sid'), { a: 'a' });
    await throwsCode(t, store.set('sid', session), 'INVALID_ARGUMENT');
  }
  const room = await loadedSession(store, 'sid');
  Reflect.deleteProperty(room, 'big');
  await store.set('sid', room);
  await store.set('sid', Object.assign(await loadedSession(store, 'sid'), { a: 'a' }));
  t.is((await manager.sessionsOfAccount('a')).length, 1);
});

for (const who of ['visitor', 'login'] as const) {
  test(`of two changes of the cookie of a ${who} the age of the later change applies`, async (t) => {
    const { hooked, newStore, clock } = await startHooked(t);
    const hour = 3_600_000;
    const content = who === 'login' ? { a: 1, accountId: 'alice' } : { a: 1 };
    await newStore().set('sid', sessionData(content, { originalMaxAge: hour }));
    const store = newStore();
    const late = await loadedSession(store, 'sid');
    const longer = await loadedSession(store, 'sid');
    Object.assign(longer.cookie, { originalMaxAge: 30 * 24 * hour });
    await store.set('sid', longer);
    const shorter = await loadedSession(store, 'sid');
    Object.assign(shorter.cookie, { originalMaxAge: 60_000 });
    let touches = 0;
    hooked.before = async (operation) => {
      if (operation !== 'touch') return;
      touches += 1;
      if (touches !== 2) return;
      hooked.before = () => {};
      await newStore().set('sid', shorter);
    };
    await store.touch('sid', late);
    await clock.advance(60_001);
    t.is(await newStore().get('sid'), undefined);
  });
}

test('a repeated logout with data for which there is no room leaves the visitor session unchanged', async (t) => {
  const { newStore } = await startHooked(t, { attributesMaxBytes: 2_000 });
  const store = newStore();
  await store.set('sid', sessionData({ accountId: 'alice', cart: 1 }));
  const [first, second] = [await loadedSession(store, 'sid'), await loadedSession(store, 'sid')];
  for (const session of [first, second]) Reflect.deleteProperty(session, 'accountId');
  await store.set('sid', first);
  await throwsCode(t, store.set('sid', Object.assign(second, { big: 'x'.repeat(2_000) })), 'INVALID_ARGUMENT');
  t.deepEqual(await contentOf(newStore(), 'sid'), { cart: 1 });
});

test('a full visitor session that another request fills again is destroyed', async (t) => {
  const { hooked, newStore, visitors } = await startHooked(t, { attributesMaxBytes: 2_000 });
  const store = newStore();
  for (let size = 2_000; ; size -= 1) {
    if (
      await store.set('sid', sessionData({ big: 'x'.repeat(size) })).then(
        () => true,
        () => false,
      )
    )
      break;
  }
  const other = await loadedSession(store, 'sid');
  let gets = 0;
  hooked.after = async (operation) => {
    if (operation !== 'get') return;
    gets += 1;
    if (gets !== 1) return;
    hooked.after = () => {};
    await newStore().set('sid', Object.assign(other, { big: 'y', more: 'y'.repeat(String(other.big).length - 10) }));
  };
  await store.destroy('sid');
  t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
});
