import test from 'ava';
import { type CloseReason, closeReasons } from '../../src/index.js';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { Stage } from './stage.js';

const reasons = Object.keys(closeReasons) as CloseReason[];

for (const reason of reasons.filter((each) => !closeReasons[each].reconnect)) {
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

test('the next contact finds a session past its deadline that no sweep has closed', async (t) => {
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

test('a login over the limit evicts the oldest session and closes its socket', async (t) => {
  const stage = await Stage.start(t, { context: { maxSession: 1, onMaxSession: 'evict-oldest' } });
  const client = await stage.connect({ token: (await stage.logIn()).token });
  await stage.logIn();
  t.is((await client.closed).code, 4003);
});

test('closing an account or an app closes all its sockets, except that of the session named in `except`', async (t) => {
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

test('replacing a session closes the old session’s socket and keeps the new one’s', async (t) => {
  const stage = await Stage.start(t);
  const [old, young] = [await stage.logIn(), await stage.logIn()];
  const [first, second] = [await stage.connect({ token: old.token }), await stage.connect({ token: young.token })];
  await stage.manager.replaceSession(young.id, old.id);
  t.is((await first.closed).code, 4006);
  t.is(await second.ask({ echo: 'stays' }), 'stays');
});

test('with onOverflow `close`, an overflow closes the socket', async (t) => {
  const stage = await Stage.start(t, { context: { msgMaxLength: 1, onOverflow: 'close' } });
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.manager.push(id, 1);
  await stage.manager.push(id, 2).catch(() => {});
  t.is((await client.closed).code, 4007);
});

test('a rotation of the token closes the sockets that the old token opened, and no other', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const clients = [await stage.connect({ token }), await stage.connect({ cookie: `sid=${token}` })];
  const bystander = await stage.connect({ token: (await stage.logIn('bob')).token });
  const second = await stage.manager.rotateToken(id);
  const { webSocketCode: code, sentence } = closeReasons.rotated;
  for (const client of clients) t.deepEqual(await client.closed, { code, reason: sentence });
  t.is((await stage.client({ token }).refused()).status, 401);
  const client = await stage.connect({ token: second.token });
  await stage.clock.advance(10_000);
  t.is(await client.ask({ echo: 'goes on' }), 'goes on');
  t.is(await bystander.ask({ echo: 'still here' }), 'still here');
  await stage.manager.rotateToken(id);
  t.is((await client.closed).code, code);
  await eventually(() => stage.live.size === 1);
});

test('a rotation with keepOpen keeps the sockets open, until one without it', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  await stage.manager.rotateToken(id, { keepOpen: true });
  await stage.clock.advance(10_000);
  t.is(await client.ask({ echo: 'goes on' }), 'goes on');
  t.is((await stage.client({ token }).refused()).status, 401);
  await stage.manager.rotateToken(id);
  t.is((await client.closed).code, closeReasons.rotated.webSocketCode);
});

test('messages after the close do not reach the application, and a client that does not answer the close is disconnected', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  await client.ask({ echo: 'before' });
  // This client reads nothing more, so it does not see the close frame and keeps sending.
  client.socket.pause();
  await stage.manager.closeSession(id);
  await eventually(() => [...stage.webSocketServer.clients].every(({ readyState }) => readyState === 2));
  client.send({ echo: 'after' });
  client.send({ set: 'stolen', value: 'yes' });
  await stage.clock.advance(2_000);
  await stage.empties();
  t.deepEqual(stage.heard, [{ echo: 'before' }]);
});

test('a stopping service closes its sockets with 1012 and ends once they have closed', async (t) => {
  const stage = await Stage.start(t);
  const client = await stage.connect({ token: (await stage.logIn()).token });
  await stage.service.container.unbindAllAsync();
  t.is(stage.live.size, 0);
  t.deepEqual(await client.closed, { code: 1012, reason: closeReasons.shutdown.sentence });
});

test('a drain waits at most drainTime for clients that don’t answer, and keeps the session', async (t) => {
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

test('routes of several apps share one timer and one watch, and each session ends separately', async (t) => {
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

test('a socket that its client closes is forgotten', async (t) => {
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

test('a socket is closed once, though both the event and the store report the end of its session', async (t) => {
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
