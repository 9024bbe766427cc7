import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { SessionError } from '../../src/index.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, HeldPoll, hold, timersAtRest } from './held-poll.js';

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
