import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { closeReasons, SessionError } from '../../src/index.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, HeldPoll, hold, timersAtRest } from './held-poll.js';
import { openStream } from './open-stream.js';

test('a push answers the parked poll immediately', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  t.is(service.room.held, 1);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(poll.data, ['hi']);
  t.is(poll.batch.lost, 0);
  t.regex(poll.batch.cursor, /^[0-9a-z]+\.1\.[0-9a-z]+$/);
  await assertNoneHeld(t, service, session.id);
});

test('the answer to a parked poll has the first message, and the next poll returns the rest', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  await Promise.all([1, 2, 3].map((number) => service.manager.push(session.id, number)));
  t.deepEqual(poll.data, [1]);
  const next = await hold(service, session, { after: poll.batch.cursor });
  t.deepEqual(next.data, [2, 3]);
  await assertNoneHeld(t, service, session.id);
});

test('several readers of one session wait at the same time, and all of them receive', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const polls = [];
  for (const reader of ['one', 'two', 'three']) polls.push(await hold(service, session, { reader }));
  await service.manager.push(session.id, 'hi');
  for (const poll of polls) t.deepEqual(poll.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a quiet hold ends after its wait as an empty batch with the same cursor', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'hi');
  const { cursor } = (await hold(service, session)).batch;
  const poll = await hold(service, session, { after: cursor, wait: 3_000 });
  await service.clock.advance(2_999);
  t.true(poll.isHeld);
  await service.clock.advance(1);
  t.deepEqual(poll.batch, { messages: [], cursor, lost: 0 });
  await assertNoneHeld(t, service, session.id);
});

test('a hold is limited to pollTime', async (t) => {
  const service = await startService(t, { pollTime: 1_000 });
  const session = await service.manager.createSession('alice');
  const polls = [await hold(service, session, { reader: 'one', wait: 60_000 })];
  polls.push(await hold(service, session, { reader: 'two' }));
  await service.clock.advance(999);
  for (const poll of polls) t.true(poll.isHeld);
  await service.clock.advance(1);
  for (const poll of polls) t.deepEqual(poll.batch.messages, []);
});

test('a poll with wait 0 is answered immediately and never held', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session, { wait: 0 });
  t.deepEqual(poll.batch.messages, []);
  t.is(poll.batch.retry, undefined);
  await assertNoneHeld(t, service, session.id);
});

test('a newer poll of the same reader ends the older one as superseded', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const older = await hold(service, session);
  const newer = await hold(service, session);
  t.true(older.batch.superseded);
  t.deepEqual(older.batch.messages, []);
  t.true(newer.isHeld);
  t.is(service.room.held, 1);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(newer.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('of many polls of one reader in one turn only the newest is held, and the next push answers it', async (t) => {
  const service = await startService(t, { maxPoll: 1_000 });
  const session = await service.manager.createSession('alice');
  const polls = Array.from({ length: 20 }, () => new HeldPoll(service.manager, session.token));
  await settle();
  const newest = polls.pop();
  for (const poll of polls) t.true(poll.batch.superseded);
  t.true(newest?.isHeld);
  t.is(service.room.held, 1);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(newest?.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a poll that follows a hang-up in the same turn is answered by the next push', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  new HeldPoll(service.manager, session.token).hangUp();
  const poll = new HeldPoll(service.manager, session.token);
  await settle();
  await service.manager.push(session.id, 'hi');
  t.deepEqual(poll.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a client that hangs up is no longer counted, and loses no message', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  poll.hangUp();
  t.is(service.room.held, 0);
  t.is(service.clock.pending, timersAtRest);
  await service.manager.push(session.id, 'hi');
  t.true(poll.isHeld, 'the client has hung up, and gets no answer');
  const next = await hold(service, session);
  t.deepEqual(next.data, ['hi']);
  t.is(next.batch.lost, 0);
  await assertNoneHeld(t, service, session.id);
});

test('a hang-up after the answer, or a second hang-up, changes nothing', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const answered = await hold(service, session, { wait: 0 });
  const gone = await hold(service, session);
  answered.hangUp();
  gone.hangUp();
  gone.hangUp();
  answered.hangUp();
  t.is(answered.batches.length, 1);
  await assertNoneHeld(t, service, session.id);
});

test('the end of the session answers its parked polls with the reason', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const polls = [await hold(service, session, { reader: 'one' }), await hold(service, session, { reader: 'two' })];
  await service.manager.closeSession(session.id, 'revoked');
  const { sentence: reason, reconnect } = closeReasons.revoked;
  for (const poll of polls) t.deepEqual(poll.batch.closed, { code: 'revoked', reason, reconnect });
  t.is(service.room.held, 0);
  t.is(service.clock.pending, timersAtRest);
});

test('a parked poll is answered when its session reaches its absolute lifetime', async (t) => {
  const service = await startService(t, { gcInterval: 1_000 });
  const session = await service.manager.createSession('alice', { maxAge: 10_000 });
  const poll = await hold(service, session);
  await service.clock.advance(10_000);
  t.is(poll.batch.closed?.code, 'max-age');
  t.is(service.room.held, 0);
});

test('a session does not expire while a poll of it is parked, and its idle time starts at the answer', async (t) => {
  const service = await startService(t, { gcTime: 1_000, pollTime: 5_000 });
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  await service.clock.advance(4_999);
  t.true(poll.isHeld);
  await service.clock.advance(1);
  t.is(poll.batch.closed, undefined);
  await service.clock.advance(999);
  await t.notThrowsAsync(service.manager.getSession(session.id));
  await service.clock.advance(1);
  await t.throwsAsync(service.manager.getSession(session.id), { code: 'SESSION_CLOSED' });
});

test('one reader more than maxReader evicts the reader that was silent for longest, whose poll ends as superseded', async (t) => {
  const service = await startService(t, { maxReader: 2 });
  const session = await service.manager.createSession('alice');
  const first = await hold(service, session, { reader: 'first' });
  await service.clock.advance(1);
  const second = await hold(service, session, { reader: 'second' });
  await service.clock.advance(1);
  const third = await hold(service, session, { reader: 'third' });
  t.true(first.batch.superseded);
  t.true(second.isHeld);
  t.true(third.isHeld);
  t.is(service.room.held, 2);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(second.data, ['hi']);
  t.deepEqual(third.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('if more than maxReader readers poll in one turn, exactly maxReader stay held, and the next push answers them', async (t) => {
  const service = await startService(t, { maxReader: 3 });
  const session = await service.manager.createSession('alice');
  const polls = Array.from(
    { length: 7 },
    (_, index) => new HeldPoll(service.manager, session.token, { after: '', reader: `r${index}` }),
  );
  await settle();
  const held = polls.filter((poll) => poll.isHeld);
  t.is(held.length, 3);
  for (const poll of polls) if (!poll.isHeld) t.true(poll.batch.superseded);
  await service.manager.push(session.id, 'hi');
  for (const poll of held) t.deepEqual(poll.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('of a burst beyond maxWaiter exactly maxWaiter polls are held, and the others are answered immediately with retry', async (t) => {
  const service = await startService(t, { maxWaiter: 10, maxSession: 0 });
  const sessions = await Promise.all(Array.from({ length: 25 }, () => service.manager.createSession('alice')));
  const polls = sessions.map((session) => new HeldPoll(service.manager, session.token));
  await settle();
  const held = polls.filter((poll) => poll.isHeld);
  t.is(held.length, 10);
  t.is(service.room.held, 10);
  for (const poll of polls) {
    if (!poll.isHeld) t.true(Number.isInteger(poll.batch.retry) && Number(poll.batch.retry) >= 1_000);
  }
  for (const poll of held) poll.hangUp();
  t.is(service.room.held, 0);
  t.is(service.clock.pending, timersAtRest);
});

test('a poll beyond maxWaiter receives the messages that are there, without retry', async (t) => {
  const service = await startService(t, { maxWaiter: 0 });
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'hi');
  const poll = await hold(service, session);
  t.deepEqual(poll.data, ['hi']);
  t.false('retry' in poll.batch);
});

test('where pollTime is 0 a poll without messages is told when to come back, unless it asked for no wait', async (t) => {
  const service = await startService(t, { pollTime: 0 });
  const session = await service.manager.createSession('alice');
  for (const options of [{}, { wait: 25_000 }]) {
    const { batch } = await hold(service, session, { after: '', ...options });
    t.true(Number.isInteger(batch.retry) && Number(batch.retry) >= 1_000);
  }
  t.false('retry' in (await hold(service, session, { after: '', wait: 0 })).batch);
  t.is((await openStream(service, session)).batches.length, 1, 'a stream is held');
  await service.manager.push(session.id, 'hi');
  const poll = await hold(service, session, { after: '' });
  t.deepEqual(poll.data, ['hi']);
  t.false('retry' in poll.batch);
});

test('a poll with a wrong secret fails and supersedes no other poll', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  const wrong = new HeldPoll(service.manager, session.id + 'x'.repeat(40));
  const malformed = new HeldPoll(service.manager, 'not a token');
  const foreign = new HeldPoll(service.manager.inApp('other'), session.token);
  await settle();
  for (const failed of [wrong, malformed, foreign]) {
    t.is(failed.errors.length, 1);
    t.true(SessionError.is(failed.errors[0], 'SESSION_UNKNOWN'));
  }
  t.true(poll.isHeld);
  t.is(service.room.held, 1);
  await service.manager.push(session.id, 'hi');
  t.deepEqual(poll.data, ['hi']);
  await assertNoneHeld(t, service, session.id);
});

test('a drained message is delivered again until it is acknowledged', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'hi');
  const first = new HeldPoll(service.manager, session.token, { wait: 0 });
  await settle();
  const second = new HeldPoll(service.manager, session.token, { wait: 0 });
  await settle();
  t.deepEqual(first.data, ['hi']);
  t.deepEqual(second.data, ['hi']);
  second.acknowledge?.();
  const third = new HeldPoll(service.manager, session.token, { wait: 0 });
  await settle();
  t.deepEqual(third.data, []);
  t.is(third.acknowledge, undefined, 'there is nothing to acknowledge');
});

test('an answer to a poll with a cursor needs no acknowledgement', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'hi');
  const poll = await hold(service, session);
  t.is(poll.acknowledge, undefined);
});

test('a push under drop-newest answers the parked poll', async (t) => {
  const service = await startService(t, { msgMaxLength: 1, onOverflow: 'drop-newest' });
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'kept');
  const reader = await hold(service, session, { reader: 'one' });
  const poll = await hold(service, session, { reader: 'one', after: reader.batch.cursor });
  const other = await hold(service, session, { reader: 'two', wait: 0 });
  t.deepEqual(other.batch.messages, []);
  t.true(poll.isHeld);
  await service.manager.push(session.id, 'next');
  t.deepEqual(poll.data, ['next']);
});

// Serial, because the test counts the warnings of the process.
test.serial('an exception in a receiver is reported, and affects neither the push nor the other readers', async (t) => {
  const service = await startService(t);
  const { manager } = service;
  const session = await manager.createSession('alice');
  const warnings: Error[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  manager.pollAsBearer(
    session.token,
    { after: '', reader: 'faulty' },
    {
      deliver() {
        throw new Error('from a receiver');
      },
      fail: (error) => t.fail(String(error)),
    },
  );
  await settle();
  const poll = await hold(service, session, { reader: 'sound' });
  t.is((await manager.push(session.id, 'hi')).accepted, 1);
  t.deepEqual(poll.data, ['hi']);
  await settle();
  t.deepEqual(
    warnings.map(({ message }) => message),
    ['The receiver of a poll threw'],
  );
  await assertNoneHeld(t, service, session.id);
});
