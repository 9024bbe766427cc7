import test from 'ava';
import { eventually } from '../support/eventually.js';
import { controlledStore, Gate } from './controlled-store.js';
import { Stage } from './stage.js';

test('a session is online while its socket is open, even without messages, and away one grace later', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.clock.advance(120_000);
  t.is((await stage.manager.getSession(id)).presence, 'online');
  t.deepEqual(stage.events.of('away'), []);
  client.socket.close();
  await stage.empties();
  await stage.clock.advance(5_000);
  t.is((await stage.manager.getSession(id)).presence, 'online');
  await stage.clock.advance(10_000);
  t.is((await stage.manager.getSession(id)).presence, 'away');
  t.is(stage.events.of('away').length, 1);
});

test('a session turns away after the last of its sockets has closed', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const [first, second] = [await stage.connect({ token }), await stage.connect({ token })];
  first.socket.close();
  await eventually(() => stage.live.size === 1);
  await stage.clock.advance(60_000);
  t.is((await stage.manager.getSession(id)).presence, 'online');
  second.socket.close();
  await stage.empties();
  await stage.clock.advance(15_000);
  t.is((await stage.manager.getSession(id)).presence, 'away');
});

test('a session that was away turns online when its socket opens', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  await stage.clock.advance(15_000);
  t.is((await stage.manager.getSession(id)).presence, 'away');
  await stage.connect({ token });
  t.is((await stage.manager.getSession(id)).presence, 'online');
  t.is(stage.events.of('online').length, 1);
});

test('a session stays online when one contact fails', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  await stage.connect({ token });
  await stage.clock.advance(20_000);
  const contacts = store().renewals.length;
  await stage.clock.advance(2_000);
  store().isAway = true;
  await stage.clock.advance(4_000);
  store().isAway = false;
  await stage.clock.advance(30_000);
  t.true(store().renewals.length > contacts);
  t.is((await stage.manager.getSession(id)).presence, 'online');
  t.deepEqual(stage.events.of('away'), []);
});

test('an open socket is not activity: its session idles and emits no `renewed`', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding, context: { gcTime: 60_000 } });
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  const { lastTime } = await stage.manager.getSession(id);
  stage.events.clear();
  await stage.clock.advance(50_000);
  t.is((await stage.manager.getSession(id)).lastTime, lastTime);
  t.deepEqual(stage.events.of('renewed'), []);
  t.true(store().renewals.every(({ activity, ttl }) => !activity && ttl === undefined));
  await stage.clock.advance(12_000);
  t.is((await client.closed).code, 4001);
});

test('with `activity`, an open socket keeps its session from expiring', async (t) => {
  const stage = await Stage.start(t, { context: { gcTime: 60_000 }, upgrade: { activity: true } });
  const { token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.clock.advance(600_000);
  t.is(await client.ask({ echo: 'still here' }), 'still here');
});

test('a session is contacted once per interval, however many sockets it has', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding, context: { hbGrace: 10_000 } });
  const { token } = await stage.logIn();
  await Promise.all(Array.from({ length: 5 }, () => stage.connect({ token })));
  await stage.clock.advance(40_000);
  t.is(store().renewals.length, 10);
});

test('contacts of many sessions are spread over the interval', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding, context: { maxSession: 0 } });
  const logins = await Promise.all(Array.from({ length: 100 }, () => stage.logIn()));
  await Promise.all(logins.map(({ token }) => stage.connect({ token })));
  await stage.clock.advance(4_000);
  const perMoment = new Map<number, number>();
  for (const { at } of store().renewals) perMoment.set(at, (perMoment.get(at) ?? 0) + 1);
  t.is(store().renewals.length, 100);
  t.is(new Set(store().renewals.map(({ id }) => id)).size, 100);
  t.true(Math.max(...perMoment.values()) <= 10, `${[...perMoment.values()]}`);
});

test('concurrent calls of a slow store are bounded, and none is made twice', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding, context: { maxSession: 0 } });
  const logins = await Promise.all(Array.from({ length: 100 }, () => stage.logIn()));
  await Promise.all(logins.map(({ token }) => stage.connect({ token })));
  const gate = new Gate();
  store().beforeTouch = gate.pass;
  await stage.clock.advance(20_000);
  t.is(gate.arrivals, 32);
  gate.open();
  await stage.clock.settle();
  t.is(store().renewals.length, 100, 'each was asked about once while nothing was answered');
});

test('one timer serves all sockets and is cancelled with the last', async (t) => {
  const stage = await Stage.start(t);
  const idle = stage.clock.pending;
  const [one, two] = [await stage.logIn(), await stage.logIn()];
  const clients = [await stage.connect({ token: one.token }), await stage.connect({ token: two.token })];
  t.is(stage.clock.pending, idle + 1);
  await stage.clock.advance(10_000);
  t.is(stage.clock.pending, idle + 1);
  for (const client of clients) client.socket.close();
  await stage.empties();
  t.is(stage.clock.pending, idle);
});

test('a client that does not answer pings is disconnected and no longer counts as present', async (t) => {
  const stage = await Stage.start(t, { upgrade: { pingTime: 20_000 } });
  const { id, token } = await stage.logIn();
  const vanished = await stage.connect({ token, autoPong: false });
  let pings = 0;
  vanished.socket.on('ping', () => {
    pings += 1;
  });
  await stage.clock.advance(24_000);
  await eventually(() => pings === 1);
  t.is(stage.live.size, 1);
  await stage.clock.advance(24_000);
  t.is((await vanished.closed).code, 1006);
  await stage.empties();
  await stage.clock.advance(15_000);
  t.is((await stage.manager.getSession(id)).presence, 'away');
});

test('a client that answers pings stays connected, and with pingTime 0 no pings are sent', async (t) => {
  const stage = await Stage.start(t, { upgrade: { pingTime: 10_000 } });
  const { token } = await stage.logIn();
  const answering = await stage.connect({ token });
  let pings = 0;
  answering.socket.on('ping', () => {
    pings += 1;
  });
  for (let round = 1; round <= 5; round += 1) {
    await stage.clock.advance(13_000);
    t.is(await answering.ask({ echo: 'here' }), 'here');
    t.is(pings, round);
  }
  const quiet = await Stage.start(t, { upgrade: { pingTime: 0 } });
  const unasked = await quiet.connect({ token: (await quiet.logIn()).token, autoPong: false });
  await quiet.clock.advance(300_000);
  t.is(await unasked.ask({ echo: 'here' }), 'here');
});
