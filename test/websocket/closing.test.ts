import test from 'ava';
import { type CloseReason, closeReasons } from '../../src/index.js';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { Stage } from './stage.js';

const reasons = Object.keys(closeReasons) as CloseReason[];

for (const reason of reasons.filter((each) => each !== 'shutdown')) {
  test(`a session closed as ${reason} closes its sockets with that code and sentence`, async (t) => {
    const stage = await Stage.start(t);
    const { id, token } = await stage.logIn();
    const clients = [await stage.connect({ token }), await stage.connect({ cookie: `sid=${token}` })];
    const bystander = await stage.connect({ token: (await stage.logIn('bob')).token });
    await stage.manager.closeSession(id, reason);
    const { webSocketCode: code, sentence } = closeReasons[reason];
    for (const client of clients) t.deepEqual(await client.closed, { code, reason: sentence });
    t.is(await bystander.ask({ echo: 'still here' }), 'still here');
    t.is(stage.live.size, 1);
  });
}

test('an idle session is swept, and its socket closed as expired', async (t) => {
  const stage = await Stage.start(t, { context: { gcTime: 60_000, gcInterval: 1_000 } });
  const { token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.clock.advance(59_000);
  t.is(await client.ask({ echo: 'x' }), 'x');
  await stage.clock.advance(2_000);
  t.is((await client.closed).code, 4001);
  await stage.empties();
});

test('a session past its deadline that nobody sweeps is found by the next contact', async (t) => {
  const stage = await Stage.start(t, { context: { gcTime: 60_000, gcInterval: 2_000_000_000, hbGrace: 10_000 } });
  const { token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.clock.advance(64_000);
  t.is((await client.closed).code, 4001);
});

test('a session at its absolute lifetime closes its socket as max-age, active or not', async (t) => {
  const stage = await Stage.start(t, { context: { maxAge: 60_000 }, upgrade: { activity: true } });
  const { token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.clock.advance(59_000);
  t.is(await client.ask({ echo: 'x' }), 'x');
  await stage.clock.advance(2_000);
  t.is((await client.closed).code, 4002);
});

test('a login too many evicts the oldest session, and closes its socket', async (t) => {
  const stage = await Stage.start(t, { context: { maxSession: 1, onMaxSession: 'evict-oldest' } });
  const client = await stage.connect({ token: (await stage.logIn()).token });
  await stage.logIn();
  t.is((await client.closed).code, 4003);
});

test('a log-out everywhere, or of an app, closes all sockets but the spared', async (t) => {
  const stage = await Stage.start(t);
  const [one, two] = [await stage.logIn(), await stage.logIn()];
  const [first, second] = [await stage.connect({ token: one.token }), await stage.connect({ token: two.token })];
  await stage.manager.closeAccount('alice', { except: two.id });
  t.is((await first.closed).code, 4004);
  t.is(await second.ask({ echo: 'spared' }), 'spared');
  await stage.manager.closeApp({ reason: 'logout' });
  t.is((await second.closed).code, 4005);
  await stage.empties();
});

test('a replaced session closes its socket, and the new one’s stays', async (t) => {
  const stage = await Stage.start(t);
  const [old, young] = [await stage.logIn(), await stage.logIn()];
  const [first, second] = [await stage.connect({ token: old.token }), await stage.connect({ token: young.token })];
  await stage.manager.replaceSession(young.id, old.id);
  t.is((await first.closed).code, 4006);
  t.is(await second.ask({ echo: 'stays' }), 'stays');
});

test('a mailbox that overflows under the policy close closes the socket', async (t) => {
  const stage = await Stage.start(t, { context: { msgMaxLength: 1, onOverflow: 'close' } });
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.manager.push(id, 1);
  await stage.manager.push(id, 2).catch(() => {});
  t.is((await client.closed).code, 4007);
});

test('a rotated token leaves the socket as it is', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  const rotated = await stage.manager.rotateToken(id);
  await stage.clock.advance(10_000);
  t.is(await client.ask({ echo: 'goes on' }), 'goes on');
  t.is((await stage.client({ token }).refused()).status, 401);
  await stage.connect({ token: rotated.token });
});

test('nothing that a client says after the close reaches the application, and one that stays is cut off', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  await client.ask({ echo: 'before' });
  // It reads nothing more, so it never learns that the WebSocket is closed, and goes on talking.
  client.socket.pause();
  await stage.manager.closeSession(id);
  await eventually(() => [...stage.webSocketServer.clients].every(({ readyState }) => readyState === 2));
  client.send({ echo: 'after' });
  client.send({ set: 'stolen', value: 'yes' });
  await stage.clock.advance(2_000);
  await stage.empties();
  t.deepEqual(stage.heard, [{ echo: 'before' }]);
});

test('a service that stops sends its clients elsewhere, and ends when they have gone', async (t) => {
  const stage = await Stage.start(t);
  const client = await stage.connect({ token: (await stage.logIn()).token });
  await stage.service.container.unbindAllAsync();
  t.is(stage.live.size, 0);
  t.deepEqual(await client.closed, { code: 1012, reason: closeReasons.shutdown.sentence });
});

test('a drain waits for clients that don’t answer no longer than drainTime, and the session lives on', async (t) => {
  const stage = await Stage.start(t, { context: { drainTime: 1_000 } });
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  client.socket.pause();
  let isDrained = false;
  const drained = stage.manager.drain().then(() => {
    isDrained = true;
  });
  await stage.clock.advance(999);
  t.false(isDrained);
  await stage.clock.advance(1);
  await drained;
  t.is((await stage.manager.getSession(id)).id, id);
  await stage.clock.advance(1_000);
  await stage.empties();
});

test('doors to several apps share one timer and one watch, and each session ends for itself', async (t) => {
  const stage = await Stage.start(t, { upgrade: { path: '/default' } });
  const other = stage.manager.inApp('other');
  const { server, webSocketServer } = stage;
  authenticateUpgrade(server, other, { webSocketServer, path: '/other' });
  const idle = stage.clock.pending;
  const [one, two] = [await stage.logIn(), await other.createSession('alice')];
  const first = await stage.connect({ token: one.token, path: '/default' });
  const second = await stage.connect({ token: two.token, path: '/other' });
  t.is((await stage.client({ token: one.token, path: '/other' }).refused()).status, 401);
  t.is(stage.live.size, 2);
  t.is(stage.clock.pending, idle + 1);
  await stage.clock.advance(30_000);
  t.is((await other.getSession(two.id)).presence, 'online');
  await other.closeSession(two.id);
  t.is((await second.closed).code, 4004);
  t.is(await first.ask({ echo: 'stays' }), 'stays');
});

test('a socket that its client closes leaves nothing behind', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const timers = stage.clock.pending;
  const [first, second, third] = [
    await stage.connect({ token }),
    await stage.connect({ token }),
    await stage.connect({ token }),
  ];
  t.is(stage.clock.pending, timers + 1, 'one timer for all');
  first.socket.close();
  second.socket.terminate();
  third.socket.close(4999, 'bye');
  await stage.empties();
  t.is(stage.clock.pending, timers);
});

test('closing is told once, though the event and the store both tell of it', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  const timers = stage.clock.pending;
  await stage.manager.closeSession(id, 'logout');
  await stage.clock.settle();
  await client.closed;
  await stage.empties();
  t.is(stage.clock.pending, timers - 1, 'the timer that cuts off is cancelled too');
});
