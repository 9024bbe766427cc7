import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { startService } from '../support/service.js';
import { assertNobodyWaits, hold, startDelayedService } from './held-poll.js';

/** The question of the first poll that a service asks its store. */
const firstTicket = 1;

test('a poll whose reader another node reads for is answered as superseded', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  service.room.superseded('default', session.id, 'default', firstTicket);
  t.true(poll.batch.superseded);
  t.is(service.room.held, 0);
});

test('a notice that an older read of the reader is superseded ends no newer poll', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const older = await hold(service, session);
  const newer = await hold(service, session);
  t.true(older.batch.superseded);
  service.room.superseded('default', session.id, 'default', firstTicket);
  t.true(newer.isHeld);
});

test('a notice of one reader ends no poll of another', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  service.room.superseded('default', session.id, 'other', firstTicket);
  t.true(poll.isHeld);
  service.room.superseded('default', 'A'.repeat(24), 'default', firstTicket);
  t.true(poll.isHeld);
});

test('a poll that is superseded elsewhere before its own answer came finds out with it', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  service.room.superseded('default', session.id, 'default', firstTicket);
  t.true(poll.isHeld);
  service.store.answer();
  await settle();
  t.true(poll.batch.superseded);
  t.is(service.room.held, 0);
});

test('what is missed while all are reading again makes all read once more, step by step', async (t) => {
  const service = await startDelayedService(t, { maxSession: 0 });
  const sessions = await Promise.all(Array.from({ length: 600 }, () => service.manager.createSession('alice')));
  const polls = await Promise.all(sessions.map((session) => hold(service, session)));
  // Of the first round 500 are asked for at once; those find nothing, and wait again before the next step.
  service.room.missed();
  service.room.missed();
  service.store.delays = true;
  await settle();
  t.is(service.store.underWay.length, 100 + 500, 'the rest of the first round, and all who wait in the second');
  service.store.delays = false;
  for (const read of service.store.underWay.splice(0)) read.answer();
  await settle();
  t.true(polls.every((poll) => poll.isHeld));
});

test('a held poll whose reading again failed asks again after hbTime, until the store is back', async (t) => {
  const service = await startDelayedService(t, { hbTime: 2_000 });
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  service.store.isAway = true;
  service.room.missed();
  await settle();
  await service.clock.advance(2_000);
  t.true(poll.isHeld, 'still away');
  service.store.isAway = false;
  service.store.delays = true;
  await service.clock.advance(1_999);
  t.is(service.store.underWay.length, 0);
  await service.clock.advance(1);
  t.is(service.store.underWay.length, 1);
  service.store.answer();
  await settle();
  t.true(poll.isHeld);
  await service.clock.advance(4_000);
  t.is(service.store.underWay.length, 0, 'one that was read is left in peace');
  poll.hangUp();
  await settle();
  await assertNobodyWaits(t, service, session.id);
});
