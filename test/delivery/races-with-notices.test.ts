import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { SessionError } from '../../src/index.js';
import { assertNoneHeld, hold, startDelayedService, timersAtRest } from './held-poll.js';

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
