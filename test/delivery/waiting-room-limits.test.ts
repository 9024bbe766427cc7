import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, HeldPoll, hold, timersAtRest } from './held-poll.js';
import { openStream } from './open-stream.js';

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
