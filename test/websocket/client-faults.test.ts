import type { IncomingMessage } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { type WebSocket, WebSocketServer } from 'ws';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { eventually } from '../support/eventually.js';
import { Connection } from '../support/http-client.js';
import { reportedFault } from './reported-fault.js';
import { SocketIoStage } from './socket-io-stage.js';
import { Stage } from './stage.js';

const handshake =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** Faulty frames. For each of them `ws` emits an `error` of the socket. */
const frames: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ['a frame without a mask', [0x81, 0x01, 0x61]],
  ['a frame with reserved bits', [0xf1, 0x80, 0, 0, 0, 0]],
  ['a frame of an unknown kind', [0x83, 0x80, 0, 0, 0, 0]],
  ['text that is not UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff]],
  ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0]],
  ['a close frame with an invalid code', [0x88, 0x82, 0, 0, 0, 0, 0x00, 0x01]],
  ['a frame longer than maxPayload', [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
];

// Serial, because the other tests cause reports, and this test checks that there is none.
test.serial(
  'a WebSocket with a malformed or an oversized frame is closed, without a report, and all others stay open',
  async (t) => {
    const reports: Error[] = [];
    const hear = (warning: Error) => void (warning.name === 'SessionMailboxWarning' && reports.push(warning));
    const stage = await Stage.start(t);
    const { token } = await stage.logIn();
    const other = await stage.connect({ token });
    process.on('warning', hear);
    for (const [name, bytes] of frames) {
      for (const isWithHandshake of [false, true]) {
        const connection = await Connection.open(stage.port);
        const upgrade = Buffer.from(`GET / HTTP/1.1\r\n${handshake}Authorization: Bearer ${token}\r\n\r\n`);
        const frame = Buffer.from(bytes);
        if (isWithHandshake) {
          connection.sendRaw(Buffer.concat([upgrade, frame]));
        } else {
          const opened = stage.sessions.length;
          connection.sendRaw(upgrade);
          await eventually(() => stage.sessions.length > opened, { what: name });
          connection.sendRaw(frame);
        }
        await connection.closed();
      }
    }
    t.is(await other.ask({ echo: 'still open' }), 'still open');
    process.off('warning', hear);
    t.deepEqual(reports, []);
    other.socket.close();
    await stage.empties();
  },
);

async function routeTo(t: ExecutionContext, webSocketServer: WebSocketServer): Promise<Stage> {
  const stage = await Stage.start(t, { upgrade: { path: '/stage' } });
  authenticateUpgrade(stage.server, stage.manager, { webSocketServer, path: '/ws' });
  t.teardown(() => {
    for (const client of webSocketServer.clients) client.terminate();
  });
  return stage;
}

test('a message longer than maxPayload closes the WebSocket with 1009, and an error listener of the application is called', async (t) => {
  const webSocketServer = new WebSocketServer({ noServer: true, maxPayload: 16 });
  const errors: Error[] = [];
  webSocketServer.on('connection', (socket: WebSocket) => void socket.on('error', (error) => errors.push(error)));
  const stage = await routeTo(t, webSocketServer);
  const { token } = await stage.logIn();
  const client = await stage.connect({ token, path: '/ws' });
  client.send('x'.repeat(17));
  t.is((await client.closed).code, 1009);
  t.is(errors.length, 1);
});

test('an exception of a connection listener is reported, and its WebSocket is closed with 1011', async (t) => {
  const webSocketServer = new WebSocketServer({ noServer: true });
  webSocketServer.on('connection', (_socket: WebSocket, _request: IncomingMessage) => {
    throw new Error('the connection listener failed');
  });
  const stage = await routeTo(t, webSocketServer);
  const { token } = await stage.logIn();
  const reported = reportedFault(/the connection listener failed/);
  t.is((await stage.client({ token, path: '/ws' }).closed).code, 1011);
  await reported;
  await stage.empties();
});

test('an exception of verifyClient is reported, and the connection is closed', async (t) => {
  const webSocketServer = new WebSocketServer({
    noServer: true,
    verifyClient: () => {
      throw new Error('verifyClient failed');
    },
  });
  const stage = await routeTo(t, webSocketServer);
  const { token } = await stage.logIn();
  const reported = reportedFault(/verifyClient failed/);
  t.is((await stage.client({ token, path: '/ws' }).closed).code, 1006);
  await reported;
  await stage.empties();
});

test('an upgrade that another listener has already completed is reported, and its connection is closed', async (t) => {
  const stage = await Stage.start(t);
  const careless = new WebSocketServer({ noServer: true });
  stage.server.on('upgrade', (request, socket, head) => careless.handleUpgrade(request, socket, head, () => {}));
  const { token } = await stage.logIn();
  const reported = reportedFault(/handleUpgrade\(\) was called more than once/);
  await stage.client({ token }).closed;
  await reported;
  t.deepEqual(stage.sessions, []);
  await stage.empties();
});

test('an upgrade whose request target is an absolute URL is routed by its path', async (t) => {
  const stage = await Stage.start(t, { upgrade: { path: '/ws' } });
  const { token } = await stage.logIn();
  const ask = async (target: string) => {
    const connection = await Connection.open(stage.port);
    return connection.sendRaw(`GET ${target} HTTP/1.1\r\n${handshake}Authorization: Bearer ${token}\r\n\r\n`);
  };
  const connection = await ask('http://x:99999/ws?a=1');
  await eventually(() => stage.sessions.length === 1);
  connection.reset();
  for (const target of ['http://x:99999/other', '//x:99999/ws', '//']) {
    t.is((await (await ask(target)).response()).status, 404, target);
  }
  await stage.empties();
});

test('Socket.IO: an exception of a later middleware is reported, and the connection of its client is closed', async (t) => {
  const stage = await SocketIoStage.start(t);
  stage.io.use(() => {
    throw new Error('the later middleware failed');
  });
  const { token } = await stage.logIn();
  const reported = reportedFault(/the later middleware failed/);
  const client = stage.client({ auth: { token }, reconnection: false, transports: ['websocket'] });
  await reported;
  await eventually(() => stage.io.engine.clientsCount === 0);
  t.false(client.socket.connected);
  t.is(stage.live.size, 0);
});
