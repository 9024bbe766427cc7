import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import type { SessionManager } from '../../src/index.js';
import { startService } from '../support/service.js';
import { HeldPoll, hold, startDelayedService, timersAtRest } from './held-poll.js';

async function holdMany(manager: SessionManager, count: number): Promise<readonly HeldPoll[]> {
  const sessions = await Promise.all(Array.from({ length: count }, () => manager.createSession('alice')));
  const polls = sessions.map((session) => new HeldPoll(manager, session.token));
  await settle();
  return polls;
}

test('a drain answers every held poll with a random retry', async (t) => {
  const service = await startService(t, { maxSession: 0, drainTime: 5_000, hbTime: 2_000 });
  const polls = await holdMany(service.manager, 50);
  await service.manager.drain();
  const retries = polls.map((poll) => Number(poll.batch.retry));
  for (const retry of retries) t.true(Number.isInteger(retry) && retry >= 1_000 && retry <= 6_000);
  t.true(new Set(retries).size > 25, 'they differ');
  t.is(service.room.held, 0);
  t.is(service.clock.pending, timersAtRest);
});

test('a drain yields to the event loop after each 500 polls', async (t) => {
  const service = await startService(t, { maxSession: 0 });
  const polls = await holdMany(service.manager, 1_600);
  const drained = service.manager.drain();
  const heldAfterTurns: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    heldAfterTurns.push(service.room.held);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.deepEqual(heldAfterTurns, [1_100, 600, 100]);
  await drained;
  t.is(service.room.held, 0);
  t.true(polls.every((poll) => poll.batch.retry !== undefined));
});

test('a drain keeps cursors and messages, and later polls are answered immediately', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'one');
  const { cursor } = (await hold(service, session)).batch;
  const held = await hold(service, session, { after: cursor });
  await service.manager.drain();
  t.is(held.batch.cursor, cursor);
  await service.manager.push(session.id, 'two');
  const ready = await hold(service, session, { after: cursor });
  t.deepEqual(ready.data, ['two']);
  t.false('retry' in ready.batch);
  const quiet = await hold(service, session, { after: ready.batch.cursor });
  t.true(Number(quiet.batch.retry) > 0, 'a quiet poll is answered with retry');
});

test('a poll that starts in the same turn as the drain is answered with retry', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = new HeldPoll(service.manager, session.token);
  await service.manager.drain();
  t.true(Number(poll.batch.retry) > 0);
  t.is(service.room.held, 0);
  t.is(service.clock.pending, timersAtRest);
});

test('a drain waits for the polls that are reading, and answers them with retry', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  let isDrained = false;
  const drained = service.manager.drain().then(() => {
    isDrained = true;
  });
  await settle();
  t.false(isDrained);
  service.store.answer();
  await drained;
  t.true(Number(poll.batch.retry) > 0);
  t.deepEqual(service.store.released, ['default']);
  t.is(service.clock.pending, timersAtRest);
});

test('a drain waits at most drainTime for a store that does not answer', async (t) => {
  const service = await startDelayedService(t, { drainTime: 3_000 });
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  await hold(service, session);
  let isDrained = false;
  const drained = service.manager.drain().then(() => {
    isDrained = true;
  });
  await service.clock.advance(2_999);
  t.false(isDrained);
  await service.clock.advance(1);
  await drained;
  t.true(isDrained);
});

test('a drain answers a poll held while the store is unavailable with retry', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  service.store.isAway = true;
  service.room.missed();
  await service.manager.drain();
  t.true(Number(poll.batch.retry) > 0);
  t.is(service.room.held, 0);
});

test('a poll that arrives after the drain is not parked in the store', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  await service.manager.drain();
  const poll = await hold(service, session);
  t.true(Number(poll.batch.retry) > 0);
  t.deepEqual(service.store.released, []);
});

test('a drain of many polls stops after drainTime', async (t) => {
  const service = await startService(t, { maxSession: 0, drainTime: 1 });
  await holdMany(service.manager, 1_200);
  const drained = service.room.drain();
  await service.clock.advance(2);
  await drained;
  t.is(service.room.held, 700, 'one step of 500 was done in time');
});

test('a second drain has no effect', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  await Promise.all([service.manager.drain(), service.manager.drain()]);
  await service.manager.drain();
  t.is(poll.batches.length, 1);
});

test('the stop of the service drains first', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  await service.container.unbindAllAsync();
  t.true(Number(poll.batch.retry) > 0);
  t.is(service.room.held, 0);
  t.is(service.clock.pending, 0);
});
