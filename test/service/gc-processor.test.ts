import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { GcProcessor, type SessionManager } from '../../src/index.js';
import { startService, throwsCode } from '../support/service.js';
import { collectWarnings, startFaultyService } from './faulty-service.js';

/** A pause in milliseconds that is so long that only the test sweeps. */
const never = 2_000_000_000;

function createMany(manager: SessionManager, count: number): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, (_, index) => manager.createSession(`account${index}`)));
}

test('an expired session is closed for every method before any sweep', async (t) => {
  const { manager, clock, events } = await startService(t, { gcTime: 1_000, gcInterval: never });
  const { id, token } = await manager.createSession('alice');
  await clock.advance(999);
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
  t.is((await manager.sessionsOfApp()).sessions.length, 1);
  t.is(await manager.activity(never), 1);
  await clock.advance(1);
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  t.deepEqual((await manager.sessionsOfApp()).sessions, []);
  t.is(await manager.activity(never), 0);
  t.deepEqual(await manager.pushToAccount('alice', 1), { accepted: 0, dropped: 0, refused: 0 });
  t.deepEqual(await manager.pushToApp(1), { accepted: 0, dropped: 0, refused: 0 });
  t.false(await manager.closeSession(id));
  t.is(await manager.closeAccount('alice'), 0);
  for (const call of [manager.getSession(id), manager.authenticate(token), manager.push(id, 1), manager.poll(id)]) {
    t.is((await throwsCode(t, call, 'SESSION_CLOSED')).details.reason, 'expired');
  }
  t.deepEqual(events.of('closed'), []);
});

test('an expired session is reported once, with its reason and the number of its undelivered messages', async (t) => {
  const { manager, clock, events } = await startService(t, { gcTime: 5_000, gcInterval: 1_000 });
  const idle = await manager.createSession('alice');
  const old = await manager.createSession('bob', { ttl: never, maxAge: 3_000 });
  await manager.push(idle.id, 1);
  await manager.push(idle.id, 2);
  await clock.advance(60_000);
  t.deepEqual(events.of('closed'), [
    { app: 'default', id: old.id, accountId: 'bob', reason: 'max-age', undelivered: 0 },
    { app: 'default', id: idle.id, accountId: 'alice', reason: 'expired', undelivered: 2 },
  ]);
});

test('the close reason is the deadline, idle time or lifetime, that passed first', async (t) => {
  const { manager, clock, container, events } = await startService(t, { gcInterval: never });
  for (const [ttl, maxAge] of [
    [1_000, 2_000],
    [2_000, 1_000],
    [1_000, 1_000],
    [1_000, 0],
  ] as const) {
    await manager.createSession('alice', { ttl, maxAge });
  }
  await clock.advance(10_000);
  await container.get(GcProcessor).sweep();
  t.deepEqual(
    events.of('closed').map(({ reason }) => reason),
    ['expired', 'expired', 'expired', 'max-age'],
  );
});

test('a sweep reclaims the expired sessions of every app, but no live ones', async (t) => {
  const { manager, clock, container } = await startService(t, { gcInterval: never });
  const other = manager.inApp('other');
  const live = [await manager.createSession('alice'), await other.createSession('alice')];
  await manager.createSession('bob', { ttl: 1_000 });
  await other.createSession('bob', { ttl: 1_000 });
  const closed: string[] = [];
  for (const each of [manager, other]) each.on('closed', ({ app, accountId }) => closed.push(`${app} ${accountId}`));
  await clock.advance(1_000);
  await container.get(GcProcessor).sweep();
  await settle();
  t.deepEqual(closed, ['default bob', 'other bob']);
  t.is((await manager.getSession(live[0]?.id ?? '')).accountId, 'alice');
  t.is((await other.getSession(live[1]?.id ?? '')).accountId, 'alice');
});

test('a sweep of 5 000 takes several turns of the event loop', async (t) => {
  const { manager, clock, container, events } = await startService(t, { gcTime: 1_000, gcInterval: never });
  await createMany(manager, 5_000);
  await clock.advance(1_000);
  let isSwept = false;
  const swept = container
    .get(GcProcessor)
    .sweep()
    .then(() => {
      isSwept = true;
    });
  const perTurn: number[] = [];
  while (!isSwept && perTurn.length < 100) {
    const before = events.of('closed').length;
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(events.of('closed').length - before);
  }
  await swept;
  t.is(events.of('closed').length, 5_000);
  t.is(new Set(events.of('closed').map(({ id }) => id)).size, 5_000);
  t.true(perTurn.length >= 9, `${perTurn.length} turns`);
  t.true(Math.max(...perTurn) <= 1_000, 'no turn reclaims all of them');
});

test('a session renewed between two slices of a sweep stays live', async (t) => {
  const { manager, clock, container } = await startService(t, { gcTime: 1_000, gcInterval: never });
  await createMany(manager, 2_000);
  await clock.advance(1);
  const late = await manager.createSession('late');
  await clock.advance(999);
  const swept = container.get(GcProcessor).sweep();
  await late.touch();
  await clock.advance(500);
  await swept;
  await t.notThrowsAsync(manager.getSession(late.id));
});

test('a round begins gcInterval after the end of the previous one', async (t) => {
  const { clock, store } = await startFaultyService(t, { gcInterval: 1_000, hbTime: never });
  await clock.advance(3_000);
  t.is(store.calls, 3);
  let release = () => {};
  store.hold = new Promise((resolve) => {
    release = resolve;
  });
  await clock.advance(10_000);
  t.is(store.calls, 4, 'one round at a time');
  store.hold = undefined;
  release();
  await settle();
  await clock.advance(999);
  t.is(store.calls, 4);
  await clock.advance(1);
  t.is(store.calls, 5);
});

test('no timer fires after a stop', async (t) => {
  const { manager, container, clock, events, store } = await startFaultyService(t, {
    gcTime: 1_000,
    gcInterval: 1_000,
  });
  await manager.createSession('alice');
  await container.unbindAllAsync();
  const { calls } = store;
  await clock.advance(60_000);
  t.is(store.calls, calls);
  t.is(clock.pending, 0);
  t.deepEqual(events.names, ['created']);
});

test('a stop ends the running round after its current slice, and waits for that', async (t) => {
  const { manager, container, clock, events, store } = await startFaultyService(t, {
    gcTime: 1_000,
    gcInterval: 1_000,
    hbTime: never,
  });
  await createMany(manager, 2_000);
  let release = () => {};
  store.hold = new Promise((resolve) => {
    release = resolve;
  });
  await clock.advance(1_000);
  t.is(store.calls, 1);
  let isStopped = false;
  const stopped = container.unbindAllAsync().then(() => {
    isStopped = true;
  });
  await settle();
  t.false(isStopped);
  release();
  await stopped;
  t.is(store.calls, 1);
  t.true(events.of('closed').length < 2_000);
});

test.serial('an unavailable store does not end the rounds, and is not reported', async (t) => {
  const warnings = collectWarnings(t);
  const { manager, clock, events, store } = await startFaultyService(t, {
    gcTime: 5_000,
    gcInterval: 1_000,
    hbTime: never,
  });
  await manager.createSession('alice');
  store.fault = 'away';
  await clock.advance(10_000);
  t.is(store.calls, 10);
  t.deepEqual(events.of('closed'), []);
  store.fault = 'none';
  await clock.advance(1_000);
  t.is(events.of('closed').length, 1);
  t.deepEqual(warnings, []);
});

test.serial('a store that throws another error does not end the rounds, and the error is reported', async (t) => {
  const warnings = collectWarnings(t);
  const { clock, store } = await startFaultyService(t, { gcInterval: 1_000, hbTime: never });
  store.fault = 'broken';
  await clock.advance(2_000);
  t.is(warnings.length, 2);
  t.is(warnings[0]?.message, 'A round of GcProcessor failed');
  store.fault = 'none';
  await clock.advance(1_000);
  t.is(store.calls, 3);
});
