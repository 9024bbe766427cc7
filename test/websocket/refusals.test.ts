import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { type CloseReason, closeReasons, SessionStore } from '../../src/index.js';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { cuttable, cuttableStore } from '../support/http-away-store.js';
import { Connection, type RequestOptions, request } from '../support/http-client.js';
import { startService, throwsCode } from '../support/service.js';
import { expressCookie } from './express-cookie.js';
import { reportedFault } from './reported-fault.js';
import { Stage } from './stage.js';

const unknownToken = 'a'.repeat(64);

test('an upgrade without a live session is refused with 401, before the handshake', async (t) => {
  const stage = await Stage.start(t);
  for (const options of [{}, { token: unknownToken }, { cookie: `sid=${unknownToken}` }, { cookie: 'theme=dark' }]) {
    const { status, headers, problem } = await stage.client(options).refused();
    t.is(status, 401, JSON.stringify(options));
    t.is(problem.code, 'SESSION_UNKNOWN');
    t.is(headers['content-type'], 'application/problem+json');
    t.is(headers['cache-control'], 'no-store');
    t.is(headers.connection, 'close');
    t.is(headers['www-authenticate'], 'Bearer');
  }
  t.deepEqual(stage.sessions, []);
  await stage.empties();
});

test('an upgrade of a closed session is refused with 401 and the reason', async (t) => {
  const stage = await Stage.start(t);
  const session = await stage.logIn();
  await session.close('revoked');
  const { status, problem } = await stage.client({ cookie: `sid=${session.token}` }).refused();
  t.is(status, 401);
  t.like(problem, { code: 'SESSION_CLOSED', closed: { code: 'revoked', reconnect: false } });
  await stage.empties();
});

test('an upgrade from a page of another site is refused with 403', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const headers = { Origin: 'https://evil.example' };
  const { status, problem } = await stage.client({ cookie: `sid=${token}`, headers }).refused();
  t.is(status, 403);
  t.is(problem.code, 'CROSS_SITE');
  t.is((await stage.manager.sessionsOfAccount('alice'))[0]?.reads, 0, 'the session was not even looked at');
  await stage.empties();
});

test('an upgrade while the store is unavailable is refused with 503 and Retry-After', async (t) => {
  const stage = await Stage.start(t, { store: cuttableStore });
  const { token } = await stage.logIn();
  const store = cuttable(stage.service.container.get(SessionStore));
  store.isAway = true;
  const { status, headers, problem } = await stage.client({ token }).refused();
  t.is(status, 503);
  t.is(problem.code, 'STORE_UNAVAILABLE');
  t.regex(String(headers['retry-after']), /^[0-9]+$/);
  store.isAway = false;
  await stage.connect({ token });
});

test('an upgrade while the service drains is refused with 503 and Retry-After', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  await stage.manager.drain();
  const { status, headers, problem } = await stage.client({ token }).refused();
  t.is(status, 503);
  t.is(problem.code, 'STOPPED');
  t.regex(String(headers['retry-after']), /^[0-9]+$/);
  await stage.empties();
});

test('an internal fault is answered with 500 without its details, and reported to the operator', async (t) => {
  const store = { sessionOf: () => Promise.reject(new Error('the password of the database is wrong')) };
  const stage = await Stage.start(t, { upgrade: { expressSession: { store, secret: 'secret', cookieName: 'c' } } });
  const reported = reportedFault(/password/);
  const refusal = await stage.client({ cookie: expressCookie('x', 'secret', 'c') }).refused();
  t.is(refusal.status, 500);
  t.false(JSON.stringify(refusal.problem).includes('password'));
  await reported;
  await stage.empties();
});

test('a malformed handshake is refused by ws, and leaves no socket behind', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const connection = await Connection.open(stage.port);
  const fields = `Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer ${token}\r\n`;
  connection.sendRaw(`GET / HTTP/1.1\r\n${fields}Sec-WebSocket-Version: 13\r\n\r\n`);
  t.is((await connection.response()).status, 400);
  await connection.closed();
  await stage.empties();
});

test('each path goes to the route that names it, and any other path is 404', async (t) => {
  const stage = await Stage.start(t, { upgrade: { path: '/one' } });
  const { token } = await stage.logIn();
  const other = await Stage.start(t);
  const end = authenticateUpgrade(stage.server, stage.manager, {
    webSocketServer: other.webSocketServer,
    path: '/two',
  });
  await stage.connect({ token, path: '/one' });
  await stage.connect({ token, path: '/two?a=/one' });
  t.deepEqual([stage.sessions.length, other.sessions.length], [1, 1]);
  for (const path of ['/', '/one/', '/One', '/three', '/?x=/one']) {
    const { status } = await stage.client({ token, path }).refused();
    t.is(status, 404, path);
  }
  end();
  t.is((await stage.client({ token, path: '/two' }).refused()).status, 404);
});

test('a path that another listener serves is left to that listener', async (t) => {
  const stage = await Stage.start(t, { upgrade: { path: '/ours' } });
  const foreign = new Promise((resolve) => {
    stage.server.on('upgrade', (request, socket) => {
      if (request.url !== '/theirs') return;
      socket.end('HTTP/1.1 418 Theirs\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}');
      resolve(request.url);
    });
  });
  t.is((await stage.client({ path: '/theirs' }).refused()).status, 418);
  t.is(await foreign, '/theirs');
  t.is((await stage.client({ path: '/ours' }).refused()).status, 401);
});

for (const order of ['before', 'after'] as const) {
  test(`a WebSocketServer with { server, path } that is made ${order} answers 400 to our path, which is reported`, async (t) => {
    const { manager } = await startService(t);
    const server = createServer();
    const make = () => new WebSocketServer({ server, path: '/theirs' });
    const early = order === 'before' ? make() : undefined;
    const path = `/ours-${order}`;
    authenticateUpgrade(server, manager, { webSocketServer: new WebSocketServer({ noServer: true }), path });
    const theirs = early ?? make();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      for (const client of theirs.clients) client.terminate();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const { token } = await manager.createSession('alice');
    const statusOf = (options: RequestOptions, at = path) => {
      const headers = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...options.headers,
      };
      return request(port, at, { ...options, headers }).then(({ status }) => status);
    };
    const reported = reportedFault(/noServer: true/);
    t.is(await statusOf({ token }), 400);
    await reported;
    t.is(await statusOf({}), 400, 'also where the upgrade would be refused');
    const open = new WebSocket(`ws://127.0.0.1:${port}/theirs`);
    await once(open, 'open');
    t.is(theirs.clients.size, 1, 'its own path still works');
    open.terminate();
  });
}

test('when the last route is removed, the server has no upgrade listener of ours', async (t) => {
  const stage = await Stage.start(t);
  t.is(stage.server.listenerCount('upgrade'), 1);
  const { webSocketServer } = stage;
  const other = await Stage.start(t);
  const end = authenticateUpgrade(other.server, other.manager, { webSocketServer });
  t.is(other.server.listenerCount('upgrade'), 1);
  end();
  end();
  t.is(other.server.listenerCount('upgrade'), 1);
  const bare = await Stage.start(t, { upgrade: { path: '/a' } });
  bare.server.removeAllListeners('upgrade');
  authenticateUpgrade(bare.server, bare.manager, { webSocketServer, path: '/b' })();
  t.is(bare.server.listenerCount('upgrade'), 0);
});

test('every close reason fits into the frame that closes a WebSocket', (t) => {
  for (const reason of Object.keys(closeReasons) as CloseReason[]) {
    t.true(Buffer.byteLength(closeReasons[reason].sentence) <= 123, reason);
  }
});

test('wrong options are refused at the start', async (t) => {
  const { server, manager, webSocketServer } = await Stage.start(t);
  const own = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.teardown(() => new Promise<void>((resolve) => own.close(() => resolve())));
  const wrong: readonly object[] = [
    { webSocketServer: own },
    { webSocketServer: undefined },
    { pth: '/ws' },
    { path: 'no-slash' },
    { path: '/with?query' },
    { path: 1 },
    { activity: 'yes' },
    { secure: 1 },
    { pingTime: -1 },
    { pingTime: 0.5 },
    { requireOrigin: 'yes' },
    { trustedOrigins: 'https://app.example.com' },
    { trustedOrigins: ['https://app.example.com/'] },
    { trustedOrigins: ['app.example.com'] },
    { trustedOrigins: ['null'] },
    { trustedOrigins: ['*'] },
    { trustedOrigins: [1] },
    { expressSession: { store: {}, secret: 'x' } },
    { expressSession: { store: { sessionOf() {} }, secret: '' } },
    { expressSession: { store: { sessionOf() {} }, secret: [] } },
    { expressSession: { store: { sessionOf() {} }, secret: ['x', ''] } },
    { expressSession: { store: { sessionOf() {} }, secret: 'x', cookieName: 'a b' } },
    { expressSession: { store: { sessionOf() {} }, secret: 'x', cookieName: '' } },
    { expressSession: { store: { sessionOf() {} }, secret: 'x', cookiePrefix: 1 } },
  ];
  for (const options of wrong) {
    const call = async () =>
      Reflect.apply(authenticateUpgrade, undefined, [server, manager, { webSocketServer, ...options }]);
    const error = await throwsCode(t, call, 'INVALID_CONTEXT');
    t.regex(error.details.front, /^authenticateUpgrade/);
  }
  const foreign = async () => Reflect.apply(authenticateUpgrade, undefined, [server, {}, { webSocketServer }]);
  await throwsCode(t, foreign, 'INVALID_ARGUMENT');
  t.is(server.listenerCount('upgrade'), 1);
  t.notThrows(() => {
    const trustedOrigins = [
      'https://app.example.com:8443',
      'http://localhost:3000',
      'capacitor://localhost',
      'https://App.Example.com:443',
      'http://[::1]:1',
    ];
    authenticateUpgrade(server, manager, { webSocketServer, trustedOrigins })();
  });
});

test('a session with maxSocket open sockets is refused another with 429, until one closes', async (t) => {
  const stage = await Stage.start(t, { context: { maxSocket: 2 } });
  const { token } = await stage.logIn();
  const open = [await stage.client({ token }).opened(), await stage.client({ token }).opened()];
  const { status, problem } = await stage.client({ token }).refused();
  t.is(status, 429);
  t.is(problem.code, 'TOO_MANY_SOCKETS');
  const other = await stage.logIn('bob');
  await stage.client({ token: other.token }).opened();
  open[0]?.socket.close();
  await eventually(() => stage.live.size === 2, { what: 'the socket has left' });
  await stage.client({ token }).opened();
});
