import test from 'ava';
import { SessionStore } from '../../src/index.js';
import { socketIoAllowRequest, socketIoSession } from '../../src/websocket/index.js';
import { cuttable, cuttableStore } from '../support/http-away-store.js';
import { request } from '../support/http-client.js';
import { throwsCode } from '../support/service.js';
import { controlledStore } from './controlled-store.js';
import { reportedFault } from './reported-fault.js';
import { SocketIoStage } from './socket-io-stage.js';

const transports = ['websocket', 'polling'] as const;
const evil = { Origin: 'https://evil.example' };

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
