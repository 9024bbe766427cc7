import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { startService } from '../support/service.js';
import { reportedFault } from '../websocket/reported-fault.js';
import { assertNoneHeld, HeldPoll } from './held-poll.js';
import { OpenStream, openStream } from './open-stream.js';

test('a stream first receives an empty batch with its cursor, and then each message when it is pushed', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  t.deepEqual(stream.data, []);
  t.regex(stream.last.cursor, /^[0-9a-z]+\.0\./);
  for (const value of [1, 2, 3]) {
    await service.manager.push(session.id, value);
    t.is(stream.last.messages.at(-1)?.data, value);
  }
  t.deepEqual(stream.data, [1, 2, 3]);
  t.regex(stream.last.cursor, /^[0-9a-z]+\.3\./);
  stream.hangUp();
  await assertNoneHeld(t, service, session.id);
});

test('a stream receives each of many messages of one turn once, in order', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  const values = Array.from({ length: 40 }, (_each, index) => index);
  await Promise.all(values.map((value) => service.manager.push(session.id, value)));
  await settle();
  t.deepEqual(stream.data, values);
  t.true(stream.batches.every(({ lost }) => lost === 0));
});

test('each stream without a reader name is a separate reader', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const streams = [await openStream(service, session), await openStream(service, session)];
  await service.manager.push(session.id, 'a');
  for (const stream of streams) t.deepEqual(stream.data, ['a']);
});

test('a newer stream or poll of a reader supersedes the older stream', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const first = await openStream(service, session, { reader: 'tab' });
  const second = await openStream(service, session, { reader: 'tab' });
  t.true(first.last.superseded);
  t.is(second.last.superseded, undefined);
  const poll = new HeldPoll(service.manager, session.token, { reader: 'tab', after: second.last.cursor });
  await settle();
  t.true(second.last.superseded);
  t.true(poll.isHeld);
  poll.hangUp();
  await assertNoneHeld(t, service, session.id);
});

test('a stream receives reports of a loss and of another epoch, and continues', async (t) => {
  const service = await startService(t, { msgMaxLength: 2 });
  const session = await service.manager.createSession('alice');
  for (const value of [1, 2, 3]) await service.manager.push(session.id, value);
  const { cursor } = await service.manager.poll(session.id, { after: '', reader: 'other' });
  const [epoch] = cursor.split('.');
  const lossy = await openStream(service, session, { after: `${epoch}.0.0` });
  t.deepEqual([lossy.data, lossy.last.lost], [[2, 3], 1]);
  const foreign = await openStream(service, session, { after: 'zzzz.1.1' });
  t.deepEqual([foreign.data, foreign.last.reset], [[2, 3], true]);
  await service.manager.push(session.id, 4);
  t.deepEqual(
    [lossy.data, foreign.data],
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
  );
});

test('a stream finds missed notices by reading again', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  service.room.missed();
  await settle();
  await service.manager.push(session.id, 'a');
  t.deepEqual(stream.data, ['a']);
  t.is(stream.batches.length, 2);
});

test('a receiver that pushes to its own stream receives that message next', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = new OpenStream(service.manager, session.token);
  stream.onBatch = (batch) => {
    const value = Number(batch.messages.at(-1)?.data ?? 0);
    if (value < 5) void service.manager.push(session.id, value + 1);
  };
  await settle();
  t.deepEqual(stream.data, [1, 2, 3, 4, 5]);
});

test('a receiver that hangs up during a batch receives nothing more, and its reader is released', async (t) => {
  const service = await startService(t);
  for (const hangsUpAt of [1, 2]) {
    const session = await service.manager.createSession('alice');
    const stream = new OpenStream(service.manager, session.token);
    stream.onBatch = () => {
      if (stream.batches.length === hangsUpAt) stream.hangUp();
    };
    await settle();
    for (const value of ['a', 'b']) await service.manager.push(session.id, value);
    await settle();
    t.is(stream.batches.length, hangsUpAt);
    await assertNoneHeld(t, service, session.id);
  }
});

test.serial('a receiver that throws ends only its own stream, and the exception is reported', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  const other = await openStream(service, session);
  stream.onBatch = () => {
    throw new Error('broken receiver');
  };
  const fault = reportedFault(/broken receiver/);
  for (const value of ['a', 'b']) await service.manager.push(session.id, value);
  await fault;
  t.deepEqual(other.data, ['a', 'b']);
  t.deepEqual(stream.data, ['a']);
  t.is(service.room.held, 1);
});
