import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { HeartbeatProcessor } from '../../src/index.js';
import { startService } from '../support/service.js';
import { collectWarnings, startFaultyService } from './faulty-service.js';

const context = { hbTime: 2_000, hbGrace: 10_000, gcInterval: 2_000_000_000 };
const never = 2_000_000_000;

test('a session becomes away once, after hbGrace of silence', async (t) => {
  const { manager, clock, events } = await startService(t, context);
  const { id } = await manager.createSession('alice');
  events.clear();
  await clock.advance(9_999);
  t.deepEqual(events.names, []);
  await clock.advance(1);
  t.deepEqual(
    events.of('away').map((away) => [away.app, away.id, away.accountId]),
    [['default', id, 'alice']],
  );
  await clock.advance(60_000);
  t.deepEqual(events.names, ['away']);
});

test('an away session becomes online once, at its next contact', async (t) => {
  const { manager, clock, events } = await startService(t, context);
  const session = await manager.createSession('alice');
  const contacts: (() => Promise<unknown>)[] = [
    () => session.touch(),
    () => manager.authenticate(session.token),
    () => manager.poll(session.id, { wait: 0 }),
    () => session.drain(),
  ];
  for (const contact of contacts) {
    await clock.advance(12_000);
    events.clear();
    await contact();
    await contact();
    t.deepEqual(
      events.names.filter((name) => name !== 'renewed'),
      ['online'],
    );
    t.is(events.of('online')[0]?.id, session.id);
  }
});

test('getting a session, pushing to it and writing its attributes are not contacts', async (t) => {
  const { manager, clock, events } = await startService(t, context);
  const session = await manager.createSession('alice');
  await clock.advance(9_000);
  await manager.getSession(session.id);
  await manager.push(session.id, 'hi');
  await session.setAttr('theme', 'dark');
  await clock.advance(1_000);
  t.deepEqual(events.names, ['created', 'away']);
});

test('presence is exact when it is read, no matter when the next heartbeat is', async (t) => {
  const { manager, clock, events } = await startService(t, { ...context, hbTime: never });
  const session = await manager.createSession('alice');
  const presence = async () => (await manager.getSession(session.id)).presence;
  await clock.advance(9_999);
  t.is(await presence(), 'online');
  await clock.advance(1);
  t.is(await presence(), 'away');
  t.is((await manager.sessionsOfAccount('alice'))[0]?.presence, 'away');
  await session.touch();
  t.is(session.presence, 'online');
  t.is(await presence(), 'online');
  t.deepEqual(events.of('away'), [], 'no event before a heartbeat');
  t.deepEqual(events.of('online'), [], 'nor an event of the return from it');
});

test('a session with a held poll stays online, and its silence begins at the answer', async (t) => {
  const { manager, clock, events } = await startService(t, { ...context, pollTime: 60_000 });
  const session = await manager.createSession('alice');
  const polled = manager.poll(session.id, { after: '' });
  await clock.advance(59_999);
  t.is((await manager.getSession(session.id)).presence, 'online');
  await clock.advance(1);
  await polled;
  await clock.advance(9_999);
  t.is((await manager.getSession(session.id)).presence, 'online');
  t.deepEqual(events.of('away'), []);
  await clock.advance(2_001);
  t.is(events.of('away').length, 1);
});

test('a poll makes an away session online immediately', async (t) => {
  const { manager, clock, events } = await startService(t, context);
  const session = await manager.createSession('alice');
  await clock.advance(20_000);
  events.clear();
  void manager.poll(session.id, { after: '' });
  await settle();
  t.deepEqual(events.names, ['online']);
});

test('a session that is closed before hbGrace has passed is never reported as away', async (t) => {
  const { manager, clock, events } = await startService(t, context);
  const session = await manager.createSession('alice');
  await session.destroy();
  await clock.advance(60_000);
  t.deepEqual(events.names, ['created', 'closed']);
});

test('many silent sessions become away in slices, each once', async (t) => {
  const { manager, clock, container, events } = await startService(t, { ...context, hbTime: never });
  await Promise.all(Array.from({ length: 5_000 }, (_, index) => manager.createSession(`account${index}`)));
  await clock.advance(10_000);
  let isJudged = false;
  let turns = 0;
  const judged = container
    .get(HeartbeatProcessor)
    .judge()
    .then(() => {
      isJudged = true;
    });
  while (!isJudged && turns < 100) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  await judged;
  t.true(turns >= 2, `${turns} turns`);
  t.is(new Set(events.of('away').map(({ id }) => id)).size, 5_000);
  t.is(events.of('away').length, 5_000);
});

test('a round ends even if every session has a held poll', async (t) => {
  const { manager, clock, container, events } = await startService(t, {
    ...context,
    hbTime: never,
    maxSession: 0,
    pollTime: 60_000,
  });
  const sessions = await Promise.all(Array.from({ length: 4_500 }, () => manager.createSession('alice')));
  for (const { id } of sessions) void manager.poll(id, { after: '' });
  await settle();
  await clock.advance(10_000);
  await container.get(HeartbeatProcessor).judge();
  t.deepEqual(events.of('away'), []);
});

test('a stop waits for the running round, and no timer fires after it', async (t) => {
  const { container, clock, store } = await startFaultyService(t, { hbTime: 1_000, gcInterval: never });
  let release = () => {};
  store.hold = new Promise((resolve) => {
    release = resolve;
  });
  await clock.advance(1_000);
  let isStopped = false;
  const stopped = container.unbindAllAsync().then(() => {
    isStopped = true;
  });
  await settle();
  t.false(isStopped);
  release();
  await stopped;
  await clock.advance(60_000);
  t.is(store.calls, 1);
});

test.serial('a store that throws does not end the rounds', async (t) => {
  const warnings = collectWarnings(t);
  const { manager, clock, events, store } = await startFaultyService(t, {
    hbTime: 1_000,
    hbGrace: 3_000,
    gcInterval: never,
  });
  await manager.createSession('alice');
  store.fault = 'away';
  await clock.advance(5_000);
  t.deepEqual(warnings, []);
  store.fault = 'broken';
  await clock.advance(1_000);
  t.deepEqual(
    warnings.map(({ message }) => message),
    ['A round of HeartbeatProcessor failed'],
  );
  store.fault = 'none';
  await clock.advance(1_000);
  t.is(events.of('away').length, 1);
});
