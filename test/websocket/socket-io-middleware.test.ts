import test from 'ava';
import { socketIoSession } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { controlledStore, Gate } from './controlled-store.js';
import { reportedFault } from './reported-fault.js';
import { SocketIoClient, SocketIoStage } from './socket-io-stage.js';

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
