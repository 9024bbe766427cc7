import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { assertNoneHeld, hold, startDelayedService } from './held-poll.js';

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
