import test from 'ava';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, next, take, takeAll } from './client-stage.js';
import { isOpen, open } from './tabs-stage.js';

test('a message stays at the server until every tab has taken it', async (t) => {
  const stage = await ClientStage.start(t);
  const tabs = [open(stage), open(stage)] as const;
  for (const tab of tabs) await isOpen(tab);
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one');
  const first = takeAll(tabs[0]);
  const second = tabs[1][Symbol.asyncIterator]();
  t.is((await second.next()).value?.data, 'one');
  await eventually(() => first.taken.length === 1);
  // An immediate next poll would have reached the server before these requests.
  for (let requests = 0; requests < 5; requests += 1) await stage.kit.request('/nothing');
  t.is(await stage.kept(), 1);
  void second.next();
  await eventually(async () => (await stage.kept()) === 0);
  await eventually(() => stage.kit.room.held === 1);
});

test('a tab that takes no messages delays the others only once, and gets the messages when it takes again', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const leader = open(stage, { device: new Device(clock) });
  await isOpen(leader);
  const idle = open(stage);
  await isOpen(idle);
  const { taken } = takeAll(leader);
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one');
  await eventually(() => taken.length === 1);
  await stage.push('two');
  t.is(stage.kit.room.held, 0);
  await eventually(async () => {
    await clock.advance(10_000);
    return taken.length === 2;
  });
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('three');
  await eventually(() => taken.length === 3 && stage.kit.room.held === 1);
  t.deepEqual(await take(idle, 3), ['one', 'two', 'three']);
});

test('a tab that missed messages of the others gets `lost`, or `reset` if they can’t be counted', async (t) => {
  const stage = await ClientStage.start(t);
  const places = stage.connect();
  const loop = takeAll(places);
  await stage.push('one', 'two', 'three');
  await eventually(() => loop.taken.length === 3 && stage.kit.room.held === 1);
  const [epoch = '', , proof = ''] = places.cursor.split('.');
  const leader = open(stage, { after: places.cursor });
  await isOpen(leader);
  const late = open(stage, { after: `${epoch}.1.${proof}` });
  const stranger = open(stage, { after: `other.1.${proof}` });
  for (const tab of [late, stranger]) await isOpen(tab);
  const lost = next(late, 'lost');
  const reset = next(stranger, 'reset');
  const taken = [leader, late, stranger].map((tab) => takeAll(tab).taken);
  await eventually(() => stage.kit.room.held === 2);
  await stage.push('four');
  await eventually(() => taken.every((each) => each.length === 1));
  t.is(await lost, 2);
  await reset;
});

test('a tab that reconnects gets the messages that it missed in between', async (t) => {
  const stage = await ClientStage.start(t);
  const leader = takeAll(open(stage));
  const before = open(stage);
  await isOpen(before);
  const { taken } = takeAll(before);
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one');
  await eventually(() => taken.length === 1 && leader.taken.length === 1 && stage.kit.room.held === 1);
  const after = before.cursor;
  before.close();
  await stage.push('two');
  await eventually(() => leader.taken.length === 2 && stage.kit.room.held === 1);
  t.deepEqual(await take(open(stage, { after }), 1), ['two']);
});

test('when the connected tab loses its connection, the other tabs report it too, and recover with it', async (t) => {
  const stage = await ClientStage.start(t);
  let isDown = false;
  const failing: typeof fetch = async (input, init) => {
    if (isDown) throw new TypeError('fetch failed');
    return fetch(input, { ...init, headers: { cookie: `sid=${stage.session.token}` } });
  };
  const device = new Device();
  const leader = open(stage, { fetch: failing, device });
  await isOpen(leader);
  const follower = open(stage, { fetch: failing });
  await isOpen(follower);
  await eventually(() => stage.kit.room.held === 1);
  const troubles = [next(leader, 'waiting'), next(follower, 'waiting')];
  isDown = true;
  stage.kit.server.node.closeAllConnections();
  await Promise.all(troubles);
  isDown = false;
  for (const tab of [leader, follower]) await isOpen(tab);
  await stage.push('after');
  for (const tab of [leader, follower]) t.deepEqual(await take(tab, 1), ['after']);
});
