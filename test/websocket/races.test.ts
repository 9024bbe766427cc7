import test from 'ava';
import { WebSocketServer } from 'ws';
import { hashSecret } from '../../src/store/session-token.js';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { Connection } from '../support/http-client.js';
import { controlledStore, Gate } from './controlled-store.js';
import { Stage } from './stage.js';

const app = 'default';

test('an upgrade is refused when its session is closed elsewhere between authentication and registration', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  store().afterAuthenticate = async () => void (await store().end(app, id, 'revoked'));
  const { status, problem } = await stage.client({ token }).refused();
  t.is(status, 401);
  t.like(problem, { code: 'SESSION_CLOSED', closed: { code: 'revoked' } });
  await stage.empties();
});

test('an upgrade is refused when its token is rotated between authentication and registration', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  store().afterAuthenticate = async () => void (await store().rotate(app, id, hashSecret('another'), false));
  const { status, problem } = await stage.client({ token }).refused();
  t.is(status, 401);
  t.like(problem, { code: 'SESSION_CLOSED', closed: { code: 'rotated', reconnect: true } });
  await stage.empties();
});

test('an upgrade is refused when its session is closed between the last check and the handshake', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  store().afterGet = async () => {
    store().afterGet = async () => {};
    await stage.manager.closeSession(id, 'logout');
    await stage.clock.settle();
  };
  const { status, problem } = await stage.client({ token }).refused();
  t.is(status, 401);
  t.like(problem, { code: 'SESSION_CLOSED', closed: { code: 'logout' } });
  await stage.empties();
});

test('an upgrade is refused when its session is closed while the watch for changes starts', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  const gate = new Gate();
  store().beforeWatch = gate.pass;
  const client = stage.client({ token });
  await eventually(() => gate.arrivals === 1);
  await store().end(app, id, 'evicted');
  gate.open();
  t.like((await client.refused()).problem, { code: 'SESSION_CLOSED', closed: { code: 'evicted' } });
  await stage.empties();
  await eventually(() => store().watchers.size === 0);
});

test('an upgrade is refused when the service drains before its handshake', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding, context: { drainTime: 0 } });
  const { token } = await stage.logIn();
  const gate = new Gate();
  store().afterGet = gate.pass;
  const client = stage.client({ token });
  await eventually(() => gate.arrivals === 1);
  const drained = stage.manager.drain();
  gate.open();
  t.is((await client.refused()).status, 503);
  await stage.clock.advance(1);
  await drained;
  await stage.empties();
});

test('when a session ends during verifyClient, its WebSocket is closed before the application sees it', async (t) => {
  const stage = await Stage.start(t, { upgrade: { path: '/quick' } });
  const { id, token } = await stage.logIn();
  const gate = new Gate();
  const webSocketServer = new WebSocketServer({
    noServer: true,
    verifyClient: (_info: unknown, verified: (isFine: boolean) => void) => void gate.pass().then(() => verified(true)),
  });
  let connections = 0;
  webSocketServer.on('connection', () => {
    connections += 1;
  });
  authenticateUpgrade(stage.server, stage.manager, { webSocketServer, path: '/slow' });
  const client = stage.client({ token, path: '/slow' });
  await eventually(() => gate.arrivals === 1);
  await stage.manager.closeSession(id, 'logout');
  await stage.clock.settle();
  gate.open();
  t.is((await client.closed).code, 4005);
  t.is(connections, 0);
  await stage.empties();
});

test('clients that disconnect during their authentication are forgotten', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { token } = await stage.logIn();
  const fields = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const upgrade = `GET / HTTP/1.1\r\n${fields}${key}Authorization: Bearer ${token}\r\n\r\n`;
  for (const where of ['afterAuthenticate', 'afterGet', 'beforeWatch'] as const) {
    for (const how of ['reset', 'end', 'close'] as const) {
      const gate = new Gate();
      store()[where] = gate.pass;
      const connection = await Connection.open(stage.port);
      connection.sendRaw(upgrade);
      await eventually(() => gate.arrivals === 1, { what: `${where} is reached` });
      await connection[how]();
      // A reset is an error of the socket, for which only authenticateUpgrade listens at this time.
      if (how === 'reset') await eventually(() => stage.connections === 0);
      gate.open();
      store()[where] = async () => {};
      await connection.closed();
      await stage.empties();
    }
  }
  t.is(stage.live.size, 0);
  await eventually(() => store().watchers.size === 0);
});

test('a message that arrives with the handshake reaches the application', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const connection = await Connection.open(stage.port);
  t.teardown(() => connection.close());
  const fields = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const payload = Buffer.from(JSON.stringify({ echo: 'first' }));
  // A mask of zeros leaves the payload unchanged.
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
  const head = Buffer.from(`GET / HTTP/1.1\r\n${fields}${key}Authorization: Bearer ${token}\r\n\r\n`);
  connection.sendRaw(Buffer.concat([head, frame]));
  await eventually(() => stage.heard.length === 1);
  t.deepEqual(stage.heard, [{ echo: 'first' }]);
});

test('a message sent as soon as the socket is open reaches the application', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  for (let round = 0; round < 20; round += 1) {
    const client = stage.client({ token });
    client.socket.once('open', () => client.send({ echo: round }));
    t.is(await client.next(), round);
    client.socket.terminate();
  }
  await stage.empties();
});

test('one watch for changes runs from the first socket to the last', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { token } = await stage.logIn();
  t.is(store().watchers.size, 0);
  for (let round = 1; round <= 2; round += 1) {
    const clients = await Promise.all([1, 2, 3].map(() => stage.connect({ token })));
    t.is(store().watchers.size, 1);
    t.is(store().watches, round);
    for (const client of clients) client.socket.close();
    await stage.empties();
    await eventually(() => store().watchers.size === 0);
  }
});

test('an upgrade is refused when the watch can’t start, and the next upgrade starts it again', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  store().afterAuthenticate = async () => {
    store().isAway = true;
  };
  t.is((await stage.client({ token }).refused()).status, 503);
  await stage.empties();
  store().isAway = false;
  store().afterAuthenticate = async () => {};
  const client = await stage.connect({ token });
  await store().end(app, id, 'revoked');
  t.is((await client.closed).code, 4004);
});

test('after an interruption of the change feed all sessions are checked', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const [gone, stays] = [await stage.logIn(), await stage.logIn()];
  const [first, second] = [await stage.connect({ token: gone.token }), await stage.connect({ token: stays.token })];
  const [watcher] = store().watchers;
  watcher?.interrupted();
  store().isMute = true;
  await store().end(app, gone.id, 'logout');
  t.is(await first.ask({ echo: 'not closed' }), 'not closed');
  store().isMute = false;
  watcher?.resumed();
  t.is((await first.closed).code, 4005);
  t.is(await second.ask({ echo: 'checked' }), 'checked');
});

test('without a change feed, sockets close at once when this node ends their session, and at the next contact otherwise', async (t) => {
  const { binding, store } = controlledStore({ feed: false });
  const stage = await Stage.start(t, { store: binding });
  const [here, elsewhere] = [await stage.logIn(), await stage.logIn()];
  const [first, second] = [await stage.connect({ token: here.token }), await stage.connect({ token: elsewhere.token })];
  await stage.manager.closeSession(here.id, 'logout');
  t.is((await first.closed).code, 4005);
  await store().end(app, elsewhere.id, 'evicted');
  t.is(await second.ask({ echo: 'not closed' }), 'not closed');
  await stage.clock.advance(5_000);
  t.is((await second.closed).code, 4003);
});

test('while the store is unavailable sockets stay open, and they are checked once it is back', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const [gone, stays] = [await stage.logIn(), await stage.logIn()];
  const [first, second] = [await stage.connect({ token: gone.token }), await stage.connect({ token: stays.token })];
  store().isAway = true;
  // The change is reported, but the reason can’t be read.
  await store().end(app, gone.id, 'revoked');
  await stage.clock.advance(20_000);
  t.is(await first.ask({ echo: 'still open' }), 'still open');
  store().isAway = false;
  await stage.clock.advance(5_000);
  t.is((await first.closed).code, 4004);
  t.is(await second.ask({ echo: 'still here' }), 'still here');
});

test('a session whose close reason is forgotten closes its socket as revoked', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding, context: { tombstoneTime: 0, gcInterval: 100 } });
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  store().isMute = true;
  await store().end(app, id, 'logout');
  await stage.clock.advance(5_000);
  t.is((await client.closed).code, 4004);
});

test('a session that changes during its check is checked again', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  const gate = new Gate();
  store().afterGet = gate.pass;
  await store().patch(app, id, { a: '1' });
  await eventually(() => gate.arrivals === 1);
  // The pending answer still says that the session is live.
  await store().end(app, id, 'replaced');
  gate.open();
  t.is((await client.closed).code, 4006);
});

test('a burst of changes of one session leads to at most two calls of the store', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await Stage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  await stage.connect({ token });
  const gate = new Gate();
  store().afterGet = gate.pass;
  const before = store().looks.length;
  for (let change = 0; change < 100; change += 1) await store().patch(app, id, { a: String(change) });
  await eventually(() => gate.arrivals === 1);
  gate.open();
  await stage.clock.settle();
  t.is(store().looks.length - before, 2);
});
