import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { SessionError } from '../../src/index.js';
import { assertNoneHeld, HeldPoll, hold, startDelayedService } from './held-poll.js';

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
