import test from 'ava';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import { eventually } from '../support/eventually.js';
import fc from '../support/fast-check.js';
import { rounds } from '../support/limits.js';
import { reportedFault } from '../websocket/reported-fault.js';
import { away, startHooked } from './hooked-stage.js';
import { HookedStore } from './hooked-store.js';
import { Gates } from './kit.js';
import { contentOf, loadedSession, sessionData } from './session-data.js';

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

function revive(hooked: HookedStore): void {
  hooked.before = () => {};
  hooked.after = () => {};
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

/** Delays every operation by a number of event-loop turns that fast-check chooses. */
function shuffle(hooked: HookedStore, turns: readonly number[]): void {
  let count = 0;
  const wait = async () => {
    count += 1;
    for (let turn = turns[count % turns.length] ?? 0; turn > 0; turn -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  hooked.before = wait;
  hooked.after = wait;
}

test('in any order of the steps of concurrent requests, no change of a key is lost, and exactly one login session exists', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 4 }), { minLength: 3, maxLength: 40 }),
      fc.boolean(),
      async (turns, known) => {
        const { hooked, newStore, manager, visitors } = await startHooked(t, { maxSession: 1 });
        const processes = [newStore(), newStore()] as const;
        await processes[0].set('sid', sessionData({ start: true }));
        if (known) await processes[1].get('sid');
        shuffle(hooked, turns);
        const request = async (number: number, change: object) => {
          const store = processes[number % 2] ?? processes[0];
          await store.set('sid', Object.assign(await loadedSession(store, 'sid'), change));
        };
        await Promise.all([
          request(0, { a: 1 }),
          request(1, { b: 2, accountId: 'alice' }),
          request(2, { c: 3, accountId: 'alice' }),
          request(3, { d: 4 }),
          request(4, { e: 5 }),
          request(5, { start: false }),
        ]);
        revive(hooked);
        const expected = { start: false, a: 1, b: 2, c: 3, d: 4, e: 5, accountId: 'alice' };
        for (const store of [...processes, newStore()]) t.deepEqual(await contentOf(store, 'sid'), expected);
        t.is((await manager.sessionsOfApp()).sessions.length, 1);
        t.is((await visitors.sessionsOfApp()).sessions.length, 1);
      },
    ),
    { numRuns: rounds({ sample: 20, full: 2_000 }) },
  );
});

test('in any order of concurrent logins, logouts and changes, all processes load the same session and at most one login', async (t) => {
  const action = fc.constantFrom('alice', 'bob', 'logout', 'change', 'touch');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 4 }), { minLength: 3, maxLength: 40 }),
      fc.array(action, { minLength: 2, maxLength: 6 }),
      async (turns, steps) => {
        const { hooked, newStore, manager } = await startHooked(t, { maxSession: 5 });
        const processes = [newStore(), newStore()] as const;
        await processes[0].set('sid', sessionData({ start: true }));
        shuffle(hooked, turns);
        await Promise.all(steps.map((step, each) => doStep(processes[each % 2] ?? processes[0], step)));
        revive(hooked);
        const seen = await Promise.all([...processes, newStore()].map((store) => contentOf(store, 'sid')));
        t.deepEqual(seen[0], seen[2]);
        t.deepEqual(seen[1], seen[2]);
        // A concurrent login as another account may leave a login session that no sid leads to. It expires.
        const holder = await newStore().sessionOf('sid');
        const accountId = seen[2] && 'accountId' in seen[2] ? seen[2].accountId : undefined;
        t.is(accountId, holder?.app === 'default' ? holder.accountId : undefined);
        await newStore().destroy('sid');
        t.is(await newStore().get('sid'), undefined);
        t.true((await manager.sessionsOfApp()).sessions.every(({ id }) => id !== holder?.id));
      },
    ),
    { numRuns: rounds({ sample: 20, full: 2_000 }) },
  );
});

async function doStep(store: SessionMailboxStore, step: string): Promise<void> {
  const loaded = await store.get('sid');
  if (loaded === undefined) return;
  if (step === 'touch') {
    await store.touch('sid', loaded);
    return;
  }
  if (step === 'logout') Reflect.deleteProperty(loaded, 'accountId');
  else Object.assign(loaded, step === 'change' ? { changed: true } : { accountId: step });
  await store.set('sid', loaded);
}

test('disconnect is emitted once when the store cannot be reached, and connect once when it answers again', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  const store = newStore();
  const events: string[] = [];
  store.on('disconnect', () => events.push('disconnect')).on('connect', () => events.push('connect'));
  await store.set('sid', sessionData({ a: 1 }));
  t.deepEqual(events, []);
  hooked.before = () => {
    throw away();
  };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await t.throwsAsync(store.get('sid'), { code: 'STORE_UNAVAILABLE' });
    await t.throwsAsync(store.touch('sid', sessionData()), { code: 'STORE_UNAVAILABLE' });
  }
  let pings = 0;
  hooked.before = (operation) => {
    if (operation === 'ping') pings += 1;
    throw away();
  };
  await eventually(() => pings > 2);
  t.deepEqual(events, ['disconnect']);
  revive(hooked);
  await eventually(() => events.length === 2);
  t.deepEqual(events, ['disconnect', 'connect']);
  t.deepEqual(await contentOf(store, 'sid'), { a: 1 });
});

test('a closed store does not ping the session store', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  const store = newStore();
  const events: string[] = [];
  store.on('disconnect', () => events.push('disconnect')).on('connect', () => events.push('connect'));
  let pings = 0;
  hooked.before = (operation) => {
    if (operation === 'ping') pings += 1;
    throw away();
  };
  const open = newStore();
  for (const each of [store, open]) await t.throwsAsync(each.get('sid'), { code: 'STORE_UNAVAILABLE' });
  store.close();
  open.close();
  pings = 0;
  // A later store with the same ping interval pings. By then, the two closed stores would have pinged, too.
  const later = newStore();
  await t.throwsAsync(later.get('sid'), { code: 'STORE_UNAVAILABLE' });
  await eventually(() => pings > 0);
  later.close();
  t.is(pings, 1);
  t.deepEqual(events, ['disconnect']);
});

test('an exception of a listener of disconnect or connect is reported, and makes neither the call nor the process fail', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  const store = newStore();
  const reported = ['disconnect', 'connect'].map((event) => reportedFault(new RegExp(`the ${event} listener failed`)));
  for (const event of ['disconnect', 'connect']) {
    store.on(event, () => {
      throw new Error(`the ${event} listener failed`);
    });
  }
  hooked.before = () => {
    throw away();
  };
  await t.throwsAsync(store.get('sid'), { code: 'STORE_UNAVAILABLE' });
  await reported[0];
  revive(hooked);
  await reported[1];
});
