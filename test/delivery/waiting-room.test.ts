import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { closeReasons } from '../../src/index.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, HeldPoll, hold, timersAtRest } from './held-poll.js';

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
