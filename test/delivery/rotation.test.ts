import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { closedNotice } from '../../src/errors/close-reason.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, HeldPoll, hold, startDelayedService } from './held-poll.js';

const rotated = closedNotice('rotated');

test('a rotation answers the polls held with the old token, and the new token continues at their cursor', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const polls = [await hold(service, session), await hold(service, session, { reader: 'other' })];
  const second = await service.manager.rotateToken(session.id);
  for (const { batch } of polls) t.like(batch, { messages: [], lost: 0, closed: rotated });
  await assertIdle(service);
  const next = await hold(service, second, { after: polls[0]?.batch.cursor ?? '' });
  await service.manager.push(session.id, 'for the new token');
  t.deepEqual(next.data, ['for the new token']);
  t.false('reset' in next.batch);
  await assertNoneHeld(t, service, session.id);
});

test('a poll of the old token that is reading during the rotation receives no later message', async (t) => {
  const service = await startDelayedService(t);
  const { manager, store } = service;
  const session = await manager.createSession('alice');
  store.delays = true;
  const poll = new HeldPoll(manager, session.token);
  await manager.rotateToken(session.id);
  await manager.push(session.id, 'secret');
  // The read parked the poll, but its answer arrives only now.
  store.answer();
  await settle();
  store.answer();
  await settle();
  t.deepEqual(poll.batches, []);
  t.like(poll.errors, [{ code: 'SESSION_CLOSED', details: { reason: 'rotated' }, status: 401 }]);
});

test('a held poll that reads again after a rotation without a notice is refused', async (t) => {
  const service = await startDelayedService(t);
  const { manager, room, store } = service;
  const session = await manager.createSession('alice');
  const poll = await hold(service, session);
  // The reader was released before the rotation, so the rotation notifies no node.
  await store.release('default', session.id, 'default');
  await manager.rotateToken(session.id);
  await manager.push(session.id, 'secret');
  t.true(poll.isHeld);
  room.missed();
  await settle();
  t.deepEqual(poll.batches, []);
  t.like(poll.errors, [{ code: 'SESSION_CLOSED', details: { reason: 'rotated' } }]);
});

test('a session object from an old token can not be polled after the rotation', async (t) => {
  const { manager } = await startService(t);
  const { id, token } = await manager.createSession('alice');
  const opened = await manager.authenticate(token);
  await manager.push(id, 'secret');
  const second = await manager.authenticate((await manager.rotateToken(id)).token);
  const errors: unknown[] = [];
  manager.pollInto(opened, { after: '' }, { deliver: () => t.fail(), fail: (error) => errors.push(error) });
  await settle();
  t.like(errors, [{ code: 'SESSION_CLOSED', details: { reason: 'rotated' } }]);
  const data: unknown[] = [];
  const deliver = ({ messages }: { messages: readonly { data: unknown }[] }) =>
    data.push(...messages.map((m) => m.data));
  manager.pollInto(second, { after: '' }, { deliver, fail: () => t.fail() });
  await settle();
  t.deepEqual(data, ['secret']);
});

test('a late notice of the rotation does not end a poll of the new token', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const second = await service.manager.rotateToken(session.id);
  const poll = await hold(service, second);
  service.room.rotated('default', session.id, 1);
  await settle();
  t.true(poll.isHeld);
  await service.manager.push(session.id, 'x');
  t.deepEqual(poll.data, ['x']);
});

test('a rotation with keepOpen keeps held polls, even when they must read again', async (t) => {
  const service = await startService(t);
  const { manager, room } = service;
  const session = await manager.createSession('alice');
  const poll = await hold(service, session);
  await manager.rotateToken(session.id, { keepOpen: true });
  room.changed('default', session.id);
  await settle();
  t.true(poll.isHeld);
  await t.throwsAsync(manager.authenticate(session.token), { code: 'SESSION_UNKNOWN' });
  await manager.push(session.id, 'x');
  t.deepEqual(poll.data, ['x']);
});

test('keepOpen must be true or false', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const options = { keepOpen: 'yes' } as unknown as { keepOpen: boolean };
  await t.throwsAsync(manager.rotateToken(id, options), { code: 'INVALID_ARGUMENT', message: /keepOpen.*"yes"/ });
});

test('no session is closed with a reason that asks its clients to reconnect', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const reason of ['rotated', 'shutdown'] as const) {
    await t.throwsAsync(manager.closeSession(id, reason), { code: 'INVALID_ARGUMENT' });
  }
});

async function assertIdle({ room }: { readonly room: { readonly held: number } }): Promise<void> {
  await settle();
  if (room.held !== 0) throw new Error(`${room.held} polls are held`);
}
