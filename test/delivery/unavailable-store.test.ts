import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { SessionError } from '../../src/index.js';
import { assertNoneHeld, hold, startDelayedService } from './held-poll.js';

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
