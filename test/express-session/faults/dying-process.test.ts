import test from 'ava';
import { SessionMailboxStore } from '../../../src/express-session/index.js';
import { away, revive, startHooked } from '../hooked-stage.js';
import { HookedStore } from '../hooked-store.js';
import { contentOf, loadedSession, sessionData } from '../session-data.js';

/** Simulates the death of the process: the `n`th operation fails before or after its effect, and so do all later operations. */
function dieAt(hooked: HookedStore, n: number, when: 'before' | 'after'): void {
  let count = 0;
  let dead = false;
  hooked.before = () => {
    count += 1;
    if (when === 'before' && count === n) dead = true;
    if (dead) throw away();
  };
  hooked.after = () => {
    if (count < n) return;
    const wasDead = dead;
    dead = true;
    if (!wasDead) throw away();
  };
}

/** Actions of a request, each with the previous content of the sid. */
const actions: Readonly<Record<string, { prepare?: object; act: (store: SessionMailboxStore) => Promise<void> }>> = {
  'a login of a visitor': {
    prepare: { a: 1 },
    act: async (store) =>
      store.set('sid', Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice', b: 2 })),
  },
  'a login with a new sid': {
    act: (store) => store.set('sid', sessionData({ accountId: 'alice', a: 1, b: 2 })),
  },
  'a change of account': {
    prepare: { accountId: 'bob', a: 1 },
    act: async (store) =>
      store.set('sid', Object.assign(await loadedSession(store, 'sid'), { accountId: 'alice', b: 2 })),
  },
};

for (const [name, { prepare, act }] of Object.entries(actions)) {
  for (const when of ['before', 'after'] as const) {
    test(`${name} whose process dies ${when} any of its steps succeeds when it is repeated, and counts once`, async (t) => {
      for (let step = 1; ; step += 1) {
        const { hooked, newStore, manager, clock } = await startHooked(t, { maxSession: 1 });
        if (prepare !== undefined) await newStore().set('sid', sessionData(prepare));
        dieAt(hooked, step, when);
        const dying = newStore();
        const died = await act(dying).then(
          () => false,
          () => true,
        );
        revive(hooked);
        dying.close();
        await act(newStore());
        await clock.advance(6_000);
        t.deepEqual(await contentOf(newStore(), 'sid'), { a: 1, b: 2, accountId: 'alice' }, `step ${step}`);
        t.is((await manager.sessionsOfApp()).sessions.length, 1, `step ${step}`);
        if (!died) break;
        t.true(step < 30);
      }
    });
  }
}

test('a logout whose process dies after any of its steps leaves no login when it is repeated', async (t) => {
  for (let step = 1; ; step += 1) {
    const { hooked, newStore, manager, clock } = await startHooked(t);
    await newStore().set('sid', sessionData({ a: 1, accountId: 'alice' }));
    const logout = async () => {
      const store = newStore();
      const loaded = await store.get('sid');
      if (loaded === undefined) return;
      Reflect.deleteProperty(loaded, 'accountId');
      await store.set('sid', loaded);
    };
    dieAt(hooked, step, 'after');
    const died = await logout().then(
      () => false,
      () => true,
    );
    revive(hooked);
    await logout();
    await clock.advance(6_000);
    t.deepEqual(await contentOf(newStore(), 'sid'), { a: 1 }, `step ${step}`);
    t.deepEqual((await manager.sessionsOfApp()).sessions, [], `step ${step}`);
    if (!died) break;
    t.true(step < 30);
  }
});

test('a destroy whose process dies after any of its steps leaves no session once a request has loaded the sid', async (t) => {
  for (let step = 1; ; step += 1) {
    const { hooked, newStore, manager, visitors } = await startHooked(t);
    await newStore().set('sid', sessionData({ a: 1, accountId: 'alice' }));
    dieAt(hooked, step, 'after');
    const died = await newStore()
      .destroy('sid')
      .then(
        () => false,
        () => true,
      );
    revive(hooked);
    t.is(await newStore().get('sid'), undefined, `step ${step}`);
    t.deepEqual((await manager.sessionsOfApp()).sessions, [], `step ${step}`);
    t.deepEqual((await visitors.sessionsOfApp()).sessions, [], `step ${step}`);
    if (!died) break;
    t.true(step < 30);
  }
});
