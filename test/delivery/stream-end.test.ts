import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { closedNotice } from '../../src/errors/close-reason.js';
import { SessionError } from '../../src/index.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, startDelayedService } from './held-poll.js';
import { OpenStream, openStream } from './open-stream.js';

test('a stream receives the reason when its session ends, also for a rotation', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  await service.manager.rotateToken(session.id);
  t.deepEqual(stream.last.closed, closedNotice('rotated'));
  const next = new OpenStream(service.manager, (await service.manager.rotateToken(session.id)).token);
  await settle();
  await service.manager.closeSession(session.id, 'logout');
  t.deepEqual(next.last.closed, closedNotice('logout'));
  t.is(service.room.held, 0);
});

test('a rotation with keepOpen keeps a stream open', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  await service.manager.rotateToken(session.id, { keepOpen: true });
  for (const value of ['a', 'b']) await service.manager.push(session.id, value);
  await settle();
  t.deepEqual(stream.data, ['a', 'b']);
});

test('a session that ends while its stream reads ends the stream with the reason', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  service.store.delays = true;
  await service.manager.push(session.id, 'a');
  await service.manager.closeSession(session.id, 'revoked');
  service.store.delays = false;
  for (const read of service.store.underWay.splice(0)) read.answer();
  await settle();
  const [error] = stream.errors;
  t.true(SessionError.is(error, 'SESSION_CLOSED'));
  t.deepEqual(stream.data, ['a']);
});

test('a stream with a wrong token fails, and none is opened', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const other = await service.manager.createSession('alice');
  for (const token of ['', session.id + other.token.slice(24)]) {
    const stream = new OpenStream(service.manager, token);
    await settle();
    t.true(SessionError.is(stream.errors[0], 'SESSION_UNKNOWN'));
    t.deepEqual(stream.batches, []);
    await t.throwsAsync(service.manager.acknowledgeAsBearer(token, 'tab', 'a.1.1'), { message: /session/i });
  }
  t.is(service.room.held, 0);
});

test('a stream beyond the bound of all waiters or of its session receives retry, and is not read', async (t) => {
  for (const bound of [{ maxWaiter: 1 }, { maxPoll: 1, maxReader: 1 }]) {
    const service = await startService(t, bound);
    const session = await service.manager.createSession('alice');
    const first = await openStream(service, session);
    const second = await openStream(service, session);
    t.is(typeof second.last.retry, 'number');
    t.is(second.batches.length, 1);
    await service.manager.push(session.id, 'a');
    t.deepEqual([first.data, second.data], [['a'], []]);
  }
});

test('a drain ends each stream with retry, and later streams are turned away', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  await service.manager.drain();
  t.is(typeof stream.last.retry, 'number');
  t.is((await openStream(service, session)).batches.length, 1);
  await assertNoneHeld(t, service, session.id);
});

test('a drain ends a stream that is reading with what it has read', async (t) => {
  const service = await startDelayedService(t);
  const session = await service.manager.createSession('alice');
  await service.manager.push(session.id, 'a');
  service.store.delays = true;
  const stream = new OpenStream(service.manager, session.token);
  const drained = service.manager.drain();
  service.store.delays = false;
  for (const read of service.store.underWay.splice(0)) read.answer();
  await drained;
  t.deepEqual(stream.data, ['a']);
  t.is(typeof stream.last.retry, 'number');
  t.is(stream.batches.length, 1);
});
