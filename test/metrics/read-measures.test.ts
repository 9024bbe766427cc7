import test from 'ava';
import { GcProcessor } from '../../src/index.js';
import { storeOperations } from '../../src/measures/kinds.js';
import { observeStore, quantileOf, readMeasures } from '../../src/metrics/index.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { FaultyStore } from '../service/faulty-store.js';
import { bindStore, startService, throwsCode } from '../support/service.js';

test('a message that wakes a held poll is counted, and its latency is measured', async (t) => {
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  const { cursor } = await manager.poll(id, { after: '', wait: 0 });
  const held = manager.poll(id, { after: cursor });
  await clock.settle();
  t.is(readMeasures(manager).polls.held, 1);

  await manager.push(id, 'é');
  t.is((await held).messages.length, 1);
  await clock.advance(700);
  const { polls, messages, wakeUps } = readMeasures(manager);
  t.is(polls.held, 0);
  t.is(polls.arrived, 2);
  t.is(polls.ended.quiet, 1);
  t.is(polls.ended.messages, 1);
  t.deepEqual(wakeUps, { message: 1, read: 0 });
  t.deepEqual(messages.pushed, { accepted: 1, dropped: 0, refused: 0 });
  t.is(messages.pushedBytes, 4);
  t.deepEqual(messages.delivered, { poll: 1, stream: 0 });
  t.deepEqual(messages.deliveredBytes, { poll: 4, stream: 0 });
  t.is(messages.latency.woken?.count, 1);
  t.is(messages.latency.woken?.sum, 0);
  t.is(messages.latency.read?.count, 0);
});

test('a message that waited in its mailbox is counted with its waiting time', async (t) => {
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  await clock.advance(1500);
  await manager.poll(id, { after: '' });
  const { read } = readMeasures(manager).messages.latency;
  t.is(read?.count, 1);
  t.is(read?.sum, 1.5);
});

test('a stream is held until its client hangs up', async (t) => {
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  const stream = manager.streamInto(id, {}, { deliver() {}, fail() {}, beat() {} });
  await clock.settle();
  await manager.push(id, 1);
  t.is(readMeasures(manager).streams.held, 1);
  t.is(readMeasures(manager).polls.held, 0);
  stream.cancel();
  stream.cancel();
  const { streams, messages } = readMeasures(manager);
  t.is(streams.held, 0);
  t.is(streams.arrived, 1);
  t.is(streams.ended['hung-up'], 1);
  t.is(messages.delivered.stream, 1);
});

test('a poll that fails and a poll that is turned away are counted by their outcomes', async (t) => {
  const { manager } = await startService(t, { maxReader: 1, maxPoll: 1 });
  const { id } = await manager.createSession('alice');
  await throwsCode(t, manager.poll('A'.repeat(24)), 'SESSION_UNKNOWN');
  const held = manager.poll(id);
  await manager.poll(id);
  await manager.closeSession(id);
  await held;
  const { polls, turnedAway } = readMeasures(manager);
  t.is(polls.ended.failed, 1);
  t.is(polls.ended.closed, 1);
  t.is(turnedAway, 1);
});

test('messages that a bound drops are counted, and again when they are reported to their reader', async (t) => {
  const { manager } = await startService(t, { msgMaxLength: 2 });
  const { id } = await manager.createSession('alice');
  const { cursor } = await manager.poll(id, { after: '', wait: 0 });
  for (const data of [1, 2, 3]) await manager.push(id, data);
  await manager.poll(id, { after: cursor });
  const { messages } = readMeasures(manager);
  t.is(messages.displaced, 1);
  t.is(messages.overflows.accepted, 1);
  t.is(messages.lost, 1);
});

test('a broadcast counts its chunks and mailboxes', async (t) => {
  const { manager } = await startService(t);
  for (const account of ['alice', 'bob']) await manager.createSession(account);
  await manager.pushToApp('hi');
  t.deepEqual(readMeasures(manager).broadcasts, { running: 0, begun: 1, chunks: 1, mailboxes: 2 });
});

test('a sweep counts its rounds and what it reclaimed', async (t) => {
  const { manager, clock } = await startService(t, { gcTime: 1000, gcInterval: 100 });
  await manager.createSession('alice');
  const closed = new Promise((resolve) => manager.on('closed', resolve));
  await clock.advance(1200);
  await closed;
  const { sweeps, sessions } = readMeasures(manager);
  t.is(sweeps.sessions.gc, 1);
  t.is(sessions.closed.expired, 1);
});

test('store calls are timed only after the store is observed', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  t.is(readMeasures(manager).store.latency.insert?.count, 0);
  observeStore(manager);
  observeStore(manager);
  await manager.createSession('bob');
  await throwsCode(t, manager.getSession('A'.repeat(24)), 'SESSION_UNKNOWN');
  await manager.closeApp();
  const { latency, errors } = readMeasures(manager).store;
  t.is(latency.insert?.count, 1);
  t.is(latency.get?.count, 1);
  t.true((latency.endApp?.count ?? 0) > 0);
  t.is(errors.get, 0, 'a refusal is no error');
  t.false(await manager.closeSession(id));
});

test('a call that the store can not carry out counts as an error of its operation', async (t) => {
  let faulty: FaultyStore | undefined;
  const store = bindStore((context, clock) => {
    faulty = new FaultyStore(context, clock);
    return faulty;
  });
  const { manager, container } = await startService(t, {}, { store });
  observeStore(manager);
  if (faulty !== undefined) faulty.fault = 'away';
  await throwsCode(t, container.get(GcProcessor).sweep(), 'STORE_UNAVAILABLE');
  const { errors, latency } = readMeasures(manager).store;
  t.is(errors.sweep, 1);
  t.is(latency.sweep?.count, 1);
});

test('every operation of the port is timed except open, close and idPrefix', (t) => {
  const source = readProjectFile('src/store/session-store.ts');
  const declared = [...source.matchAll(/^ {2}abstract (\w+)\(/gm)].map(([, name = '']) => name);
  const untimed = ['open', 'close', 'idPrefix'];
  t.deepEqual([...storeOperations].toSorted(), declared.filter((name) => !untimed.includes(name)).toSorted());
});

test('a quantile is interpolated between the bounds of its bucket', (t) => {
  const reading = { bounds: [1, 2, 4], buckets: [0, 2, 2, 0], count: 4, sum: 9 };
  t.is(quantileOf(reading, 0.5), 2);
  t.is(quantileOf(reading, 0.75), 3);
  t.is(quantileOf({ ...reading, buckets: [0, 0, 0, 4] }, 0.5), 4);
  t.is(quantileOf({ ...reading, count: 0 }, 0.5), undefined);
});
