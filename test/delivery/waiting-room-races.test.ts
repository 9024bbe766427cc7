import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { SessionError } from '../../src/index.js';
import { assertNoneHeld, HeldPoll, hold, startDelayedService, timersAtRest } from './held-poll.js';

test('an append that is notified before the answer to the read is not missed', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  await service.manager.push(session.id, 'hi');
  service.store.answer();
  await settle();
  t.true(poll.isHeld, 'it reads again');
  service.store.answer();
  await settle();
  t.deepEqual(poll.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('appends that are notified before the answer to the read are delivered as one batch', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  await service.manager.push(session.id, 1);
  await service.manager.push(session.id, 2);
  service.store.answer();
  await settle();
  await service.manager.push(session.id, 3);
  service.store.answer();
  await settle();
  t.deepEqual(poll.data, [1, 2]);
  const next = await hold(service, session, { after: poll.batch.cursor });
  service.store.answer();
  await settle();
  t.deepEqual(next.data, [3]);
  await assertNoneHeld(t, service, session.id);
});

test('an end of the session that is notified before the answer to the read makes the poll fail with the reason', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  await service.manager.closeSession(session.id, 'revoked');
  service.store.answer();
  await settle();
  service.store.answer();
  await settle();
  const [error] = poll.errors;
  t.true(SessionError.is(error, 'SESSION_CLOSED') && error.details.reason === 'revoked');
  t.is(service.room.held, 0);
  t.is(service.clock.pending, timersAtRest);
});

test('a hang-up during the read releases the reader', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  poll.hangUp();
  t.is(service.room.held, 0);
  service.store.answer();
  await settle();
  t.deepEqual(service.store.released, ['default']);
  t.true(poll.isHeld, 'the client has hung up, and gets no answer');
  await assertNoneHeld(t, service, session.id);
});

test('a hang-up does not release a reader that a newer poll, which is still reading, has parked', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const older = await hold(service, session);
  service.store.delays = true;
  const newer = await hold(service, session);
  older.hangUp();
  service.store.answer();
  await settle();
  await service.manager.push(session.id, 'hi');
  t.deepEqual(newer.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('after a hang-up while two polls of a reader are reading, the newer one is answered by the next push', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const older = await hold(service, session);
  const newer = await hold(service, session);
  older.hangUp();
  service.store.answer();
  await settle();
  service.store.answer();
  await settle();
  t.true(newer.isHeld);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(newer.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a poll with a wrong secret that fails does not release the reader of a newer poll that is reading', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const older = await hold(service, session);
  service.store.delays = true;
  const forged = new HeldPoll(service.manager, session.id + 'x'.repeat(40));
  const newer = await hold(service, session);
  older.hangUp();
  service.store.answer();
  await settle();
  t.true(SessionError.is(forged.errors[0], 'SESSION_UNKNOWN'));
  service.store.answer();
  await settle();
  await service.manager.push(session.id, 'hi');
  t.deepEqual(newer.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a hang-up while only polls with a wrong secret are reading releases the reader', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  service.store.delays = true;
  for (const manager of [service.manager.inApp('other'), service.manager]) {
    new HeldPoll(manager, session.id + 'x'.repeat(40));
  }
  poll.hangUp();
  service.store.answer(1);
  await settle();
  service.store.answer();
  await settle();
  await assertNoneHeld(t, service, session.id);
});

test('the newest poll of a reader stays held when the reads return out of order', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const older = await hold(service, session);
  const newer = await hold(service, session);
  service.store.answer(1);
  await settle();
  service.store.answer(0);
  await settle();
  t.true(older.batch.superseded);
  t.regex(older.batch.cursor, /^[0-9a-z]+\.0\.0$/);
  t.true(newer.isHeld);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(newer.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('an older poll that is answered after the newer one ends as superseded', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const older = await hold(service, session);
  const newer = await hold(service, session, { wait: 0 });
  service.store.answer(1);
  await settle();
  t.deepEqual(newer.batch.messages, []);
  service.store.answer();
  await settle();
  t.true(older.batch.superseded);
  await assertNoneHeld(t, service, session.id);
});

test('a poll with wait 0 that supersedes a poll parked during its read releases the reader', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const older = await hold(service, session);
  service.store.delays = true;
  const newer = await hold(service, session, { wait: 0 });
  service.room.missed();
  await settle();
  service.store.answer(1);
  await settle();
  t.true(older.isHeld);
  service.store.answer();
  await settle();
  t.true(older.batch.superseded);
  t.deepEqual(newer.batch.messages, []);
  await assertNoneHeld(t, service, session.id);
});

test('the cursor of a superseded answer does not pass messages that the answer does not have', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'one');
  const { cursor } = (await hold(service, session, { wait: 0 })).batch;
  service.store.delays = true;
  const older = await hold(service, session);
  const newer = await hold(service, session, { after: cursor });
  service.store.answer(1);
  await settle();
  t.true(newer.isHeld);
  service.store.answer();
  await settle();
  t.true(older.batch.superseded);
  const [, offset] = older.batch.cursor.split('.');
  t.is(Number(offset), older.batch.messages.length);
  newer.hangUp();
  await assertNoneHeld(t, service, session.id);
});

test('a poll whose reader is evicted during its read ends as superseded', async (t) => {
  const service = await startDelayedService(t, { maxReader: 1 });
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const dropped = await hold(service, session, { reader: 'one' });
  const kept = await hold(service, session, { reader: 'two' });
  service.store.answer(1);
  await settle();
  service.store.answer();
  await settle();
  t.true(dropped.batch.superseded);
  t.true(kept.isHeld);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(kept.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a poll of an evicted reader that has read again stays held when the notice of the eviction arrives later', async (t) => {
  const service = await startDelayedService(t, { maxReader: 1 });
  const session = await service.manager.createSession('alice');
  const first = await hold(service, session, { reader: 'one' });
  service.store.delays = true;
  const dropping = await hold(service, session, { reader: 'two' });
  const back = await hold(service, session, { reader: 'one' });
  service.store.answer();
  await settle();
  service.store.answer();
  await settle();
  t.true(first.batch.superseded);
  t.true(dropping.batch.superseded);
  t.true(back.isHeld);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(back.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('missed notices make every parked poll read again', async (t) => {
  const service = await startDelayedService(t);
  const sessions = [await service.manager.createSession('alice'), await service.manager.createSession('bob')];
  const polls = [];
  for (const session of sessions) polls.push(await hold(service, session));
  service.store.delays = true;
  service.room.missed();
  await settle();
  t.is(service.store.underWay.length, 2);
  service.store.answer();
  service.store.answer();
  await settle();
  for (const poll of polls) t.true(poll.isHeld);
  service.store.delays = false;
  for (const session of sessions) await service.manager.push(session.id, 'hi');
  for (const poll of polls) t.deepEqual(poll.data, ['hi']);
});

test('a held poll stays held while the store is unavailable for its second read', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session, { wait: 10_000 });
  service.store.isAway = true;
  service.room.missed();
  await settle();
  t.true(poll.isHeld);
  t.is(service.room.held, 1);
  service.store.isAway = false;
  service.room.missed();
  await settle();
  await service.manager.push(session.id, 'hi');
  t.deepEqual(poll.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a poll held while the store is unavailable ends at its deadline', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session, { wait: 10_000 });
  await service.clock.advance(4_000);
  service.store.isAway = true;
  service.room.missed();
  await settle();
  await service.clock.advance(5_999);
  t.true(poll.isHeld);
  await service.clock.advance(1);
  t.deepEqual(poll.batch.messages, []);
  service.store.isAway = false;
  await assertNoneHeld(t, service, session.id);
});

test('a new poll fails with STORE_UNAVAILABLE when the store is unavailable', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.isAway = true;
  const poll = await hold(service, session);
  t.true(SessionError.is(poll.errors[0], 'STORE_UNAVAILABLE'));
  service.store.isAway = false;
  await assertNoneHeld(t, service, session.id);
});

test('a poll whose read was carried out and whose answer is lost releases the reader', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  service.store.underWay.splice(0).forEach((read) => {
    read.lose();
  });
  await settle();
  t.true(SessionError.is(poll.errors[0], 'STORE_UNAVAILABLE'));
  await assertNoneHeld(t, service, session.id);
});

test('an older poll whose read fails after a newer one was read ends as superseded', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const older = await hold(service, session);
  service.store.delays = true;
  service.room.missed();
  const newer = await hold(service, session);
  service.store.answer(1);
  await settle();
  const [read] = service.store.underWay.splice(0);
  read?.lose();
  await settle();
  t.true(older.batch.superseded);
  t.true(newer.isHeld);
  t.is(service.room.held, 1);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(newer.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a poll whose client has hung up does not receive the failure of its read', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const poll = await hold(service, session);
  poll.hangUp();
  for (const read of service.store.underWay.splice(0)) read.lose();
  await settle();
  t.deepEqual([poll.batches, poll.errors], [[], []]);
  t.is(service.room.held, 0);
});

test('a poll with an outdated read is superseded by a newer poll of its reader', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  service.store.delays = true;
  const older = await hold(service, session);
  await service.manager.push(session.id, 'hi');
  const newer = await hold(service, session);
  service.store.answer(1);
  await settle();
  t.deepEqual(newer.data, ['hi']);
  service.store.answer();
  await settle();
  t.true(older.batch.superseded);
  t.is(service.store.underWay.length, 0);
});

// Serial, because the test counts the warnings of the process.
test.serial('an exception in fail() of a receiver is reported, and the poll has ended', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const warnings: string[] = [];
  const listener = (warning: Error) => void warnings.push(warning.message);
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  service.store.isAway = true;
  service.manager.pollAsBearer(
    session.token,
    { after: '' },
    {
      deliver: () => t.fail(),
      fail() {
        throw new Error('from a receiver');
      },
    },
  );
  await settle();
  t.deepEqual(warnings, ['The receiver of a poll threw']);
  t.is(service.room.held, 0);
});
