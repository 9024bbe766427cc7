import test from 'ava';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, Network, TabStorageStub, take, takeAll } from './client-stage.js';

const readerOf = (network: Network) => new URL(network.paths.at(-1) ?? '', 'http://a').searchParams.get('reader');

test('a reloaded tab continues as the same reader, where its application was', async (t) => {
  const stage = await ClientStage.start(t);
  const storage = new TabStorageStub();
  await stage.push('one', 'two', 'three');
  const network = new Network();
  const device = new Device();
  const before = stage.connect({ storage, device, fetch: network.fetch });
  t.deepEqual(await take(before, 2), ['one', 'two']);
  const reader = readerOf(network);
  device.sign('leaving');
  const after = stage.connect({ storage, fetch: network.fetch });
  const resets: unknown[] = [];
  after.on('reset', () => resets.push('reset'));
  const { taken } = takeAll(after);
  await eventually(() => taken.length === 2);
  t.deepEqual(taken, ['two', 'three'], 'the loop was left before it was done with the second');
  t.is(readerOf(network), reader);
  t.deepEqual(resets, []);
});

test('a reloaded tab recognises the messages that it has, also after a reset', async (t) => {
  const stage = await ClientStage.start(t);
  const storage = new TabStorageStub();
  await stage.push('one', 'two');
  const before = stage.connect({ storage });
  const loop = takeAll(before);
  await eventually(() => loop.taken.length === 2 && stage.kit.room.held === 1);
  before.close();
  const network = new Network();
  const place: { cursor: string; seen: string[] } = JSON.parse(
    [...storage.items].find(([key]) => key.endsWith(':place'))?.[1] ?? '{}',
  );
  const messages = place.seen.map((key, index) => {
    const [offset, at] = key.split('.').map(Number);
    return { offset, at, data: index };
  });
  network.answer = () => {
    network.answer = () => new Promise(() => {});
    const more = [...messages, { offset: 3, at: 1, data: 'new' }];
    return Response.json({ messages: more, cursor: 'other.3.1', lost: 0, reset: true });
  };
  const after = stage.connect({ storage, fetch: network.fetch });
  t.is(messages.length, 2);
  t.deepEqual(await take(after, 1), ['new']);
});

test('two readers of one tab each continue where they were', async (t) => {
  const stage = await ClientStage.start(t);
  const storage = new TabStorageStub();
  const quick = stage.connect({ storage, reader: 'quick' });
  const slow = stage.connect({ storage, reader: 'slow' });
  await eventually(() => stage.kit.room.held === 2);
  await stage.push('one', 'two');
  const first = takeAll(quick);
  await eventually(() => first.taken.length === 2 && stage.kit.room.held === 1);
  quick.close();
  slow.close();
  const { taken } = takeAll(stage.connect({ storage, reader: 'slow' }));
  await eventually(() => taken.length === 2);
  t.deepEqual(taken, ['one', 'two']);
});

test('a duplicated tab is a separate reader, and both tabs receive messages', async (t) => {
  const stage = await ClientStage.start(t);
  const storage = new TabStorageStub();
  const networks = [new Network(), new Network()] as const;
  const first = takeAll(stage.connect({ storage, fetch: networks[0].fetch }));
  await eventually(() => stage.kit.room.held === 1);
  const second = takeAll(stage.connect({ storage: storage.copy(), fetch: networks[1].fetch }));
  await eventually(() => stage.kit.room.held === 2);
  await stage.push('for both');
  await eventually(() => first.taken.length === 1 && second.taken.length === 1);
  t.not(readerOf(networks[0]), readerOf(networks[1]));
});

test('a page that returns from the back/forward cache polls again, and removes its reader name from the storage', async (t) => {
  const stage = await ClientStage.start(t);
  const storage = new TabStorageStub();
  const device = new Device();
  const { taken } = takeAll(stage.connect({ storage, device }));
  await eventually(() => stage.kit.room.held === 1);
  const readers = () => [...storage.items].filter(([key, value]) => key.endsWith(':reader') && value !== 'null').length;
  t.is(readers(), 0);
  device.sign('leaving');
  t.is(readers(), 1);
  device.sign('back');
  t.is(readers(), 0);
  await stage.push('still here');
  await eventually(() => taken.length === 1);
});

test('after the end of a session the storage of the tab has no data of it', async (t) => {
  const stage = await ClientStage.start(t);
  const storage = new TabStorageStub();
  await stage.push('one');
  const mailbox = stage.connect({ storage });
  const { end } = takeAll(mailbox);
  await eventually(() => storage.items.size === 2);
  await stage.session.close('logout');
  await end;
  t.deepEqual(new Set(storage.items.values()), new Set(['null']));
});

test('a client whose storage fails works as without a storage', async (t) => {
  const stage = await ClientStage.start(t);
  const fail = () => {
    throw new Error('QuotaExceededError');
  };
  await stage.push('one');
  const mailbox = stage.connect({ storage: { getItem: fail, setItem: fail } });
  t.deepEqual(await take(mailbox, 1), ['one']);
});
