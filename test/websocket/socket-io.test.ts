import test from 'ava';
import { closeReasons, SessionStore } from '../../src/index.js';
import { socketIoAllowRequest, socketIoSession } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { cuttable, cuttableStore } from '../support/http-away-store.js';
import { request } from '../support/http-client.js';
import { throwsCode } from '../support/service.js';
import { controlledStore, Gate } from './controlled-store.js';
import { reportedFault } from './reported-fault.js';
import { SocketIoClient, SocketIoStage } from './socket-io-stage.js';

const transports = ['websocket', 'polling'] as const;
const evil = { Origin: 'https://evil.example' };

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

test('the token may come as a cookie, as a header or in auth', async (t) => {
  const stage = await SocketIoStage.start(t);
  const [alice, bob] = [await stage.logIn('alice'), await stage.logIn('bob')];
  const cookie = `sid=${alice.token}`;
  const ways = [
    { extraHeaders: { cookie } },
    { extraHeaders: { authorization: `Bearer ${alice.token}` } },
    { auth: { token: alice.token } },
    { auth: { token: alice.token }, extraHeaders: { cookie: `sid=${bob.token}` } },
    { auth: { token: 'not.a.token' }, extraHeaders: { cookie } },
    { auth: { token: 1 }, extraHeaders: { cookie } },
  ];
  for (const way of ways) t.is(await (await stage.connect(way)).greeting, 'alice', JSON.stringify(Object.keys(way)));
});

test('a page of another site is refused even if cors allows it, and with allowRequest before the handshake', async (t) => {
  const open = await SocketIoStage.start(t, { server: { cors: { origin: '*' } } });
  const { token } = await open.logIn();
  const headers = { ...evil, cookie: `sid=${token}` };
  for (const transport of transports) {
    const refusal = await open.client({ transports: [transport], extraHeaders: headers }).refused();
    t.is(refusal.data?.code, 'CROSS_SITE', transport);
  }
  t.deepEqual(open.connected, []);
  await open.empties();
  const strict = await SocketIoStage.start(t, { server: { allowRequest: socketIoAllowRequest() } });
  const path = '/socket.io/?EIO=4&transport=polling';
  t.is((await request(strict.port, path, { headers: evil })).status, 403);
  t.is((await request(strict.port, path)).status, 200);
  const own = { Origin: `http://127.0.0.1:${strict.port}` };
  t.is((await request(strict.port, path, { headers: own })).status, 200);
  const upgrade = await strict.client({ transports: ['websocket'], extraHeaders: evil }).refused();
  t.is(upgrade.data, undefined, 'it was refused as HTTP');
});

test('listed origins are accepted, and a bearer token from any origin', async (t) => {
  const session = { trustedOrigins: ['https://app.example.com'] };
  const stage = await SocketIoStage.start(t, { session, server: { allowRequest: socketIoAllowRequest(session) } });
  const { token } = await stage.logIn();
  const named = { Origin: 'https://app.example.com', cookie: `sid=${token}` };
  t.is(await (await stage.connect({ transports: ['websocket'], extraHeaders: named })).greeting, 'alice');
  const bearer = { ...evil, authorization: `Bearer ${token}` };
  t.is(await (await stage.connect({ transports: ['websocket'], extraHeaders: bearer })).greeting, 'alice');
});

test('an unavailable store gives a connect_error', async (t) => {
  const stage = await SocketIoStage.start(t, { store: cuttableStore });
  const { token } = await stage.logIn();
  cuttable(stage.service.container.get(SessionStore)).isAway = true;
  t.is((await stage.client({ auth: { token } }).refused()).data?.code, 'STORE_UNAVAILABLE');
});

test('an internal fault is reported to the operator, and the client gets no details', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await SocketIoStage.start(t, { store: binding });
  const { token } = await stage.logIn();
  store().afterGet = () => Promise.reject(new Error('the password of the database is wrong'));
  const reported = reportedFault(/password/);
  const refusal = await stage.client({ auth: { token } }).refused();
  t.is(refusal.data?.code, 'INTERNAL');
  t.false(refusal.message.includes('password'));
  await reported;
});

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

test('Socket.IO: clients that disconnect during their authentication are forgotten', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await SocketIoStage.start(t, { store: binding });
  const { token } = await stage.logIn();
  for (const where of ['afterAuthenticate', 'afterGet', 'beforeWatch'] as const) {
    const gate = new Gate();
    store()[where] = gate.pass;
    const client = stage.client({ transports: ['websocket'], auth: { token } });
    await eventually(() => gate.arrivals === 1);
    client.socket.close();
    await eventually(() => stage.io.engine.clientsCount === 0);
    gate.open();
    store()[where] = async () => {};
    await stage.clock.settle();
    await stage.empties();
  }
  t.deepEqual(stage.connected, []);
});

test('a client that disconnects during its authentication does not reach the next middleware', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await SocketIoStage.start(t, { store: binding });
  const authenticate = socketIoSession(stage.manager);
  const passed = new Promise<Error | undefined>((resolve) => {
    stage.io.of('/watched').use((socket, next) => {
      authenticate(socket, (error) => {
        resolve(error);
        next(error);
      });
    });
  });
  const { token } = await stage.logIn();
  const client = stage.client({ transports: ['websocket'], auth: { token } }, '/watched');
  const gate = new Gate();
  store().afterAuthenticate = gate.pass;
  await eventually(() => gate.arrivals === 1);
  client.socket.io.engine.close();
  client.socket.close();
  await eventually(() => stage.io.engine.clientsCount === 0);
  gate.open();
  t.true((await passed) instanceof Error);
});

test('clients that another middleware refuses are forgotten, though their connection stays open', async (t) => {
  const stage = await SocketIoStage.start(t, { context: { maxSocket: 2 } });
  const admin = stage.io.of('/admin');
  admin.use(socketIoSession(stage.manager));
  admin.use((_socket, next) => next(new Error('no administrator')));
  const { id, token } = await stage.logIn();
  const main = await stage.connect({ auth: { token } });
  const refused = new SocketIoClient(main.socket.io.socket('/admin', { auth: { token } }));
  for (let round = 0; round < 4; round += 1) {
    t.is((await refused.refused()).message, 'no administrator');
    t.is(stage.live.size, 1);
    refused.socket.connect();
  }
  await refused.refused();
  await stage.manager.closeSession(id);
  await main.disconnected;
  await stage.empties();
});

test('a client is refused with the reason when its session closes between the last check and the connection', async (t) => {
  const { binding, store } = controlledStore();
  const stage = await SocketIoStage.start(t, { store: binding });
  const { id, token } = await stage.logIn();
  store().afterGet = async () => {
    store().afterGet = async () => {};
    await stage.manager.closeSession(id, 'logout');
    await stage.clock.settle();
  };
  const refusal = await stage.client({ auth: { token } }).refused();
  t.like(refusal.data, { code: 'SESSION_CLOSED', closed: { code: 'logout' } });
  await stage.empties();
});

test('a client is refused when its session closes while another middleware is pending', async (t) => {
  const stage = await SocketIoStage.start(t);
  const { id, token } = await stage.logIn();
  const gate = new Gate();
  stage.io.use((_socket, next) => void gate.pass().then(() => next()));
  const client = stage.client({ auth: { token }, reconnection: false });
  await eventually(() => gate.arrivals === 1);
  await stage.manager.closeSession(id);
  await eventually(() => stage.io.engine.clientsCount === 0);
  gate.open();
  await stage.clock.settle();
  t.false(client.socket.connected);
  t.deepEqual(stage.connected, []);
  await stage.empties();
});

test('connection state recovery is refused if it skips the middleware, and works otherwise', async (t) => {
  const skipping = await SocketIoStage.start(t, { server: { connectionStateRecovery: {} } });
  const reported = reportedFault(/skipMiddlewares: false/);
  const refusal = await skipping.client({ auth: { token: (await skipping.logIn()).token } }).refused();
  t.is(refusal.data?.code, 'INTERNAL');
  await reported;
  const connectionStateRecovery = { skipMiddlewares: false, maxDisconnectionDuration: 60_000 };
  const asking = await SocketIoStage.start(t, { server: { connectionStateRecovery } });
  const { id, token } = await asking.logIn();
  const client = await asking.connect({ transports: ['websocket'], auth: { token }, reconnectionDelay: 1 });
  await client.greeting;
  client.socket.io.engine.close();
  await asking.manager.closeSession(id);
  t.is((await client.refused()).data?.code, 'SESSION_CLOSED');
});

test('Socket.IO: wrong options are refused at the start', async (t) => {
  const { manager } = await SocketIoStage.start(t);
  for (const options of [
    { actvity: true },
    { activity: 1 },
    { trustedOrigins: '*' },
    { secure: 'yes' },
    { requireOrigin: 0 },
  ]) {
    await throwsCode(t, async () => Reflect.apply(socketIoSession, undefined, [manager, options]), 'INVALID_CONTEXT');
  }
  await throwsCode(t, async () => Reflect.apply(socketIoSession, undefined, [{}]), 'INVALID_ARGUMENT');
  await throwsCode(
    t,
    async () => Reflect.apply(socketIoAllowRequest, undefined, [{ trustedOrigins: [''] }]),
    'INVALID_CONTEXT',
  );
});
