import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { closedNotice } from '../../src/errors/close-reason.js';
import { SessionError } from '../../src/index.js';
import { startService } from '../support/service.js';
import { reportedFault } from '../websocket/reported-fault.js';
import { assertNoneHeld, HeldPoll, hold, startDelayedService } from './held-poll.js';
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

test('messages given to a stream stay in the mailbox until they are acknowledged', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const undelivered = async () => (await service.manager.getSession(session.id)).undelivered;
  const stream = await openStream(service, session, { reader: 'tab' });
  for (const value of ['a', 'b']) await service.manager.push(session.id, value);
  await settle();
  t.is(await undelivered(), 2);
  const [, first] = stream.batches;
  await service.manager.acknowledgeAsBearer(session.token, 'tab', first?.cursor ?? '');
  t.is(await undelivered(), 1);
  await service.manager.acknowledge(session.id, 'tab', stream.last.cursor);
  t.is(await undelivered(), 0);
  t.deepEqual(stream.data, ['a', 'b']);
});

test('a reader that returns without a cursor continues after what it has acknowledged', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session, { reader: 'tab' });
  for (const value of ['a', 'b', 'c']) await service.manager.push(session.id, value);
  await settle();
  await service.manager.acknowledge(session.id, 'tab', stream.batches[1]?.cursor ?? '');
  stream.hangUp();
  await settle();
  const again = await openStream(service, session, { reader: 'tab' });
  t.deepEqual(again.data, ['b', 'c']);
});

test('the cursor of a returning reader acknowledges, for a stream and for a poll', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session, { reader: 'tab' });
  for (const value of ['a', 'b', 'c']) await service.manager.push(session.id, value);
  await settle();
  const [, a, b] = stream.batches;
  stream.hangUp();
  await settle();
  const again = await openStream(service, session, { reader: 'tab', after: a?.cursor ?? '' });
  t.deepEqual(again.data, ['b', 'c']);
  t.is((await service.manager.getSession(session.id)).undelivered, 2);
  const poll = await hold(service, session, { reader: 'tab', after: b?.cursor ?? '' });
  t.deepEqual(poll.data, ['c']);
  t.is((await service.manager.getSession(session.id)).undelivered, 1);
  t.true(again.last.superseded);
});

test('with ack `sent` a message is removed when its receiver reports that it was written out', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session, { reader: 'tab', ack: 'sent' });
  await service.manager.push(session.id, 'a');
  await settle();
  t.is((await service.manager.getSession(session.id)).undelivered, 1);
  for (const acknowledge of stream.acknowledges.splice(0)) acknowledge();
  await settle();
  t.is((await service.manager.getSession(session.id)).undelivered, 0);
  stream.hangUp();
  await service.manager.push(session.id, 'b');
  t.deepEqual((await openStream(service, session, { reader: 'tab', ack: 'sent' })).data, ['b']);
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

test('a quiet stream is told to send a heartbeat once a minute where pollTime is longer, because its client waits 70 s', async (t) => {
  const service = await startService(t, { pollTime: 120_000, gcTime: 3_600_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  for (let minutes = 1; minutes <= 3; minutes += 1) {
    await service.clock.advance(60_000);
    t.is(stream.beats, minutes);
  }
  await service.manager.push(session.id, 'still here');
  t.deepEqual(stream.data, ['still here']);
});

test('a quiet stream must send a heartbeat once per pollTime, and a message postpones it', async (t) => {
  const service = await startService(t, { pollTime: 10_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  await service.clock.advance(9_999);
  t.is(stream.beats, 0);
  await service.clock.advance(1);
  t.is(stream.beats, 1);
  await service.clock.advance(9_000);
  await service.manager.push(session.id, 'a');
  await service.clock.advance(9_999);
  t.is(stream.beats, 1);
  await service.clock.advance(1);
  t.is(stream.beats, 2);
});

test('a quiet stream is told to send a heartbeat once in each hbTime where pollTime is shorter', async (t) => {
  const service = await startService(t, { pollTime: 0, hbTime: 3_000, hbGrace: 10_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  await service.clock.advance(2_999);
  t.is(stream.beats, 0);
  await service.clock.advance(1);
  t.is(stream.beats, 1);
  await service.clock.advance(3_000);
  t.is(stream.beats, 2);
});

test('all quiet streams share one timer', async (t) => {
  const service = await startService(t, { maxReader: 100 });
  const session = await service.manager.createSession('alice');
  const before = service.clock.pending;
  for (let count = 0; count < 50; count += 1) await openStream(service, session);
  t.is(service.clock.pending, before + 1);
});

test('an open stream keeps its session online and unexpired', async (t) => {
  const service = await startService(t, { gcTime: 60_000, pollTime: 25_000, hbGrace: 10_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  for (let step = 0; step < 40; step += 1) await service.clock.advance(5_000);
  t.is((await service.manager.getSession(session.id)).presence, 'online');
  stream.hangUp();
  await settle();
  await service.clock.advance(60_000);
  await t.throwsAsync(service.manager.getSession(session.id));
});

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
