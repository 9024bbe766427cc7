import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { Message } from '../../src/index.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, hold, startDelayedService } from './held-poll.js';

/** Ticket of the first read of a service. */
const firstTicket = 1;

test('a poll is answered as superseded when another node reads for its reader', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  service.room.superseded('default', session.id, 'default', firstTicket);
  t.true(poll.batch.superseded);
  t.is(service.room.held, 0);
});

test('a superseded notice of an older read does not end a newer poll of the reader', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const older = await hold(service, session);
  const newer = await hold(service, session);
  t.true(older.batch.superseded);
  service.room.superseded('default', session.id, 'default', firstTicket);
  t.true(newer.isHeld);
});

test('a superseded notice for one reader does not end a poll of another reader', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  service.room.superseded('default', session.id, 'other', firstTicket);
  t.true(poll.isHeld);
  service.room.superseded('default', 'A'.repeat(24), 'default', firstTicket);
  t.true(poll.isHeld);
});

test('a poll that another node supersedes during its read ends when the read returns', async (t) => {
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

test('notices missed while all mailboxes are being read again cause one more reading of all mailboxes, in steps', async (t) => {
  const service = await startDelayedService(t, { maxSession: 0 });
  const sessions = await Promise.all(Array.from({ length: 600 }, () => service.manager.createSession('alice')));
  const polls = await Promise.all(sessions.map((session) => hold(service, session)));
  // The first step reads 500 mailboxes at once. Their polls are parked again before the next step.
  service.room.missed();
  service.room.missed();
  service.store.delays = true;
  await settle();
  t.is(service.store.underWay.length, 100 + 500, 'the rest of the first round, and one step of the second');
  service.store.delays = false;
  for (const read of service.store.underWay.splice(0)) read.answer();
  await settle();
  t.true(polls.every((poll) => poll.isHeld));
});

test('a held poll whose second read failed reads again every hbTime until the store is available', async (t) => {
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
  t.is(service.store.underWay.length, 0, 'no further read');
  poll.hangUp();
  await settle();
  await assertNoneHeld(t, service, session.id);
});

for (const [name, epoch, offset, before] of [
  ['of another epoch', 'other', 1, 0],
  ['that does not follow its position', undefined, 2, 0],
  ['that follows another message at its position', undefined, 1, 7],
] as const) {
  test(`a notice of a message ${name} makes a parked poll read again, and does not answer it`, async (t) => {
    const service = await startDelayedService(t);
    const session = await service.manager.createSession('alice');
    const poll = await hold(service, session);
    const { epoch: own } = await service.store.read('default', session.id, {
      reader: 'other',
      after: '',
      limit: 1,
      wait: 0,
      secretHash: undefined,
      generation: undefined,
      ticket: 0,
    });
    service.store.delays = true;
    const message = new Message(offset, 0, { json: '"foreign"', bytes: 9, key: undefined });
    service.room.appended('default', session.id, epoch ?? own, message, before);
    t.true(poll.isHeld);
    t.is(service.store.underWay.length, 1);
  });
}

test('a poll that another node superseded or whose reader was evicted does not release the reader', async (t) => {
  const service = await startDelayedService(t, { maxReader: 1 });
  const session = await service.manager.createSession('alice');
  const superseded = await hold(service, session);
  service.room.superseded('default', session.id, 'default', firstTicket);
  t.true(superseded.batch.superseded);
  const evicted = await hold(service, session);
  await hold(service, session, { reader: 'new' });
  t.true(evicted.batch.superseded);
  t.deepEqual(service.store.released, []);
});

test('a poll that is answered after a second read does not release its reader, because that read has released it', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  await service.store.release('default', session.id, 'default');
  await service.manager.push(session.id, 'hi');
  t.true(poll.isHeld, 'the store has no parked reader to notify');
  service.room.missed();
  await settle();
  t.deepEqual(poll.data, ['hi']);
  t.deepEqual(service.store.released, ['default'], 'by this test alone');
});

test('a poll that reads again asks for the rest of its wait', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  await hold(service, session, { wait: 10_000 });
  await service.clock.advance(4_000);
  service.store.delays = true;
  service.room.missed();
  await settle();
  t.deepEqual(
    service.store.underWay.map(({ request }) => request.wait),
    [6_000],
  );
});
