import { getEventListeners } from 'node:events';
import test from 'ava';
import { poll, shared, sse, type Transport } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, next, take, takeAll } from './client-stage.js';
import { isOpen, listen, locks, open } from './tabs-stage.js';

test('a leader that takes no messages passes the lead on, and gets the messages of the others when it takes again', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const idle = open(stage, { device: new Device(clock) });
  await isOpen(idle);
  const other = open(stage, { device: new Device(clock) });
  await isOpen(other);
  await eventually(() => stage.kit.room.held === 1);
  const { taken } = takeAll(other);
  await stage.push('one');
  await eventually(() => taken.length === 1);
  await stage.push('two');
  await eventually(async () => {
    await clock.advance(10_000);
    return taken.length === 2;
  });
  t.deepEqual(taken, ['one', 'two']);
  t.deepEqual(await take(idle, 2), ['one', 'two']);
});

test('a tab that takes no messages and becomes the leader passes the lead on', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const first = open(stage, { device: new Device(clock) });
  await isOpen(first);
  takeAll(first);
  const idle = open(stage, { device: new Device(clock) });
  await isOpen(idle);
  const other = open(stage, { device: new Device(clock) });
  await isOpen(other);
  const { taken } = takeAll(other);
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one');
  await eventually(() => taken.length === 1);
  const { channel, kinds } = listen(stage);
  t.teardown(() => channel.close());
  first.close();
  await eventually(() => kinds.includes('lead'));
  await stage.push('two');
  await eventually(async () => {
    await clock.advance(10_000);
    return taken.length === 2;
  });
  t.deepEqual(taken, ['one', 'two']);
  t.deepEqual(await take(idle, 2), ['one', 'two']);
});

test('a leader that takes no messages and whose stream has broken passes the lead on', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const idle = open(stage, { transport: shared(sse), device: new Device(clock) });
  await isOpen(idle);
  const other = open(stage, { transport: shared(sse), device: new Device(clock) });
  await isOpen(other);
  const { taken } = takeAll(other);
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one');
  await eventually(() => taken.length === 1);
  stage.kit.server.node.closeAllConnections();
  await eventually(() => stage.kit.room.held === 0);
  await stage.push('two');
  await eventually(async () => {
    await clock.advance(10_000);
    return taken.length === 2;
  });
  t.deepEqual(taken, ['one', 'two']);
});

test('after 10 s the leader of a stream acknowledges messages although one tab takes nothing', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const leader = open(stage, { transport: shared(sse), device: new Device(clock) });
  await isOpen(leader);
  const { taken } = takeAll(leader);
  const idle = open(stage, { transport: shared(sse) });
  await isOpen(idle);
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one');
  await eventually(() => taken.length === 1);
  t.is(await stage.kept(), 1);
  await clock.advance(10_000);
  await eventually(async () => (await stage.kept()) === 0);
  t.is(leader.state, 'open');
});

test('a leader that hangs loses the lead, although several other tabs still send notes', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  void locks.request(`session-mailbox:${stage.url}/`, {}, () => new Promise(() => {})).catch(() => {});
  const tabs = [open(stage, { device: new Device(clock) }), open(stage, { device: new Device(clock) })];
  for (let rounds = 0; rounds < 3; rounds += 1) {
    await clock.advance(10_000);
    // The notes of the tabs arrive meanwhile.
    for (let requests = 0; requests < 5; requests += 1) await stage.kit.request('/nothing');
  }
  await Promise.all(tabs.map(isOpen));
  const loops = tabs.map(takeAll);
  await stage.push('one');
  await eventually(() => loops.every(({ taken }) => taken.length === 1));
  t.deepEqual(
    loops.map(({ taken }) => taken),
    [['one'], ['one']],
  );
});

test('a tab that opens while the leader processes a message does not delay the other tabs', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const leader = open(stage, { device: new Device(clock) });
  await isOpen(leader);
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one');
  const loop = leader[Symbol.asyncIterator]();
  t.is((await loop.next()).value?.data, 'one');
  const other = open(stage, { device: new Device(clock) });
  await isOpen(other);
  const { taken } = takeAll(other);
  const second = loop.next();
  await stage.push('two');
  // The clock stands still.
  await eventually(() => taken.length === 1);
  t.deepEqual(taken, ['two']);
  t.is((await second).value?.data, 'two');
});

test('a tab that opens while the leader waits for messages is told the place of the leader', async (t) => {
  const stage = await ClientStage.start(t);
  const leader = open(stage, { device: new Device(new ManualClock()) });
  await isOpen(leader);
  await eventually(() => leader.cursor !== '');
  const other = open(stage, { device: new Device(new ManualClock()) });
  await isOpen(other);
  t.not(leader.cursor, '');
  t.is(other.cursor, leader.cursor);
});

test('a leader whose device wakes reads again at once, although the browser still holds its lock', async (t) => {
  const stage = await ClientStage.start(t);
  const device = new Device(new ManualClock());
  const leader = open(stage, { device });
  const { taken } = takeAll(leader);
  await isOpen(leader);
  await eventually(() => stage.kit.room.held === 1);
  const pauses: unknown[] = [];
  leader.on('waiting', (pause) => pauses.push(pause));
  const connecting = next(leader, 'connecting');
  device.sign('awake');
  await connecting;
  await eventually(() => leader.state === 'open' || pauses.length > 0);
  t.deepEqual(pauses, []);
  await stage.push('one');
  await eventually(() => taken.length === 1);
  t.deepEqual(taken, ['one']);
});

test('a leader keeps nothing of exchanges that have ended', async (t) => {
  const stage = await ClientStage.start(t);
  const signals = new Set<AbortSignal>();
  const noted: Transport = () => {
    const exchange = poll();
    return (each) => {
      signals.add(each.signal);
      return exchange(each);
    };
  };
  const leader = open(stage, { transport: shared(noted) });
  const { taken } = takeAll(leader);
  await isOpen(leader);
  for (let count = 1; count <= 5; count += 1) {
    await stage.push(count);
    await eventually(() => taken.length === count && stage.kit.room.held === 1);
  }
  t.is(signals.size, 1);
  for (const signal of signals) t.true(getEventListeners(signal, 'abort').length < 3);
});

for (const count of [1, 2, 3, 5, 8]) {
  test(`a tab that takes ${count} messages while its connection ends continues`, async (t) => {
    const stage = await ClientStage.start(t);
    const leader = open(stage);
    await isOpen(leader);
    takeAll(leader);
    const other = open(stage);
    await isOpen(other);
    await eventually(() => stage.kit.room.held === 1);
    const { channel } = listen(stage);
    t.teardown(() => channel.close());
    const { taken, end } = takeAll(other);
    const data = Array.from({ length: count }, (_, index) => index + 1);
    const messages = data.map((offset) => ({ offset, at: 1, data: offset }));
    const batch = { messages, cursor: `x.${count}.1`, lost: 0, reset: true, retry: 1 };
    channel.postMessage({ kind: 'batch', cursor: '', batch });
    await Promise.race([end, eventually(() => taken.length === count)]);
    await eventually(() => other.cursor === batch.cursor);
    other.close();
    await t.notThrowsAsync(end);
  });
}
