import test from 'ava';
import { closeReasons } from '../../src/index.js';
import { socketIoSession } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { request } from '../support/http-client.js';
import { SocketIoClient, SocketIoStage } from './socket-io-stage.js';

const transports = ['websocket', 'polling'] as const;

for (const transport of transports) {
  test(`${transport}: attributes set over HTTP are read in the socket, and the other way round`, async (t) => {
    const stage = await SocketIoStage.start(t);
    const { token } = await stage.logIn();
    const cookie = `sid=${token}`;
    const client = await stage.connect({ transports: [transport], extraHeaders: { cookie } });
    t.is(await client.greeting, 'alice');
    t.is((await request(stage.port, '/attributes/theme/dark', { method: 'PUT', cookie })).status, 204);
    t.is(await client.get('theme'), 'dark');
    await client.set('cart', 'three');
    t.is((await request(stage.port, '/attributes/cart', { cookie })).body, '"three"');
  });

  test(`${transport}: a client without a live session gets a connect_error with the code`, async (t) => {
    const stage = await SocketIoStage.start(t);
    const session = await stage.logIn();
    const anonymous = await stage.client({ transports: [transport] }).refused();
    t.is(anonymous.data?.code, 'SESSION_UNKNOWN');
    await session.close('revoked');
    const late = await stage.client({ transports: [transport], auth: { token: session.token } }).refused();
    t.like(late.data, { code: 'SESSION_CLOSED', closed: { code: 'revoked', reconnect: false } });
    t.deepEqual(stage.connected, []);
    await stage.empties();
  });

  test(`${transport}: when its session is closed, the client gets the close notice and does not reconnect`, async (t) => {
    const stage = await SocketIoStage.start(t);
    for (const code of Object.keys(closeReasons) as (keyof typeof closeReasons)[]) {
      if (closeReasons[code].reconnect) continue;
      const { id, token } = await stage.logIn(`account-${code}`);
      const client = await stage.connect({ transports: [transport], auth: { token } });
      await stage.manager.closeSession(id, code);
      t.deepEqual(await client.notice, { code, reason: closeReasons[code].sentence, reconnect: false });
      t.is(await client.disconnected, 'io server disconnect');
      t.false(client.socket.active, 'it does not reconnect');
    }
    await stage.empties();
  });

  test(`${transport}: when its token is rotated, the client is disconnected and reconnects with the token that it has then`, async (t) => {
    const stage = await SocketIoStage.start(t);
    const { id, token } = await stage.logIn();
    const client = await stage.connect({ transports: [transport], auth: { token } });
    await stage.manager.rotateToken(id);
    t.like(await client.notice, { code: 'rotated', reconnect: true });
    t.is(await client.disconnected, 'transport close');
    t.true(client.socket.active, 'it reconnects');
    t.is((await client.refused()).data?.code, 'SESSION_UNKNOWN');
    await stage.empties();
  });

  test(`${transport}: when the service drains, the client gets the close notice and reconnects`, async (t) => {
    const stage = await SocketIoStage.start(t);
    const { token } = await stage.logIn();
    const client = await stage.connect({ transports: [transport], auth: { token } });
    const drained = stage.manager.drain();
    t.like(await client.notice, { code: 'shutdown', reconnect: true });
    t.is(await client.disconnected, 'transport close');
    t.true(client.socket.active, 'it reconnects');
    t.is((await client.refused()).data?.code, 'STOPPED');
    await drained;
    await stage.empties();
  });
}

test('a session is online while its socket is open, and away one grace later', async (t) => {
  const stage = await SocketIoStage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ auth: { token } });
  await stage.clock.advance(60_000);
  t.is((await stage.manager.getSession(id)).presence, 'online');
  client.socket.close();
  await stage.empties();
  await stage.clock.advance(15_000);
  t.is((await stage.manager.getSession(id)).presence, 'away');
});

test('a socket that leaves its namespace is forgotten, though its connection stays open', async (t) => {
  const stage = await SocketIoStage.start(t);
  const { token } = await stage.logIn();
  stage.io.of('/open').on('connection', () => {});
  const open = stage.client({ auth: { token } }, '/open');
  await open.connected();
  const guarded = open.socket.io.socket('/', { auth: { token } });
  await new Promise((resolve) => guarded.once('connect', () => resolve(undefined)));
  t.is(stage.live.size, 1);
  guarded.disconnect();
  await eventually(() => stage.live.size === 0);
  t.true(open.socket.connected);
});

test('the end of a session disconnects only its namespace, and the end of the last session closes the connection', async (t) => {
  const stage = await SocketIoStage.start(t);
  const { manager, io, live } = stage;
  io.of('/open').on('connection', (socket) => socket.on('get', (key, answer) => answer(key)));
  io.of('/guarded').use(socketIoSession(manager));
  const [alice, bob] = [await stage.logIn('alice'), await stage.logIn('bob')];
  const open = stage.client({}, '/open');
  await open.connected();
  const join = (name: string, token: string) => new SocketIoClient(open.socket.io.socket(name, { auth: { token } }));
  const [first, second] = [join('/', alice.token), join('/guarded', bob.token)];
  await Promise.all([first.connected(), second.connected()]);
  t.is(io.engine.clientsCount, 1);
  await manager.closeSession(alice.id, 'logout');
  t.like(await first.notice, { code: 'logout' });
  t.is(await first.disconnected, 'io server disconnect');
  t.true(second.socket.connected);
  t.is(await open.socket.emitWithAck('get', 'still here'), 'still here');
  t.is(live.size, 1);
  open.socket.disconnect();
  await eventually(() => io.of('/open').sockets.size === 0);
  await manager.closeSession(bob.id, 'logout');
  t.is(await second.disconnected, 'io server disconnect');
  await stage.empties();
});
