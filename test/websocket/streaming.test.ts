import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { closedNotice, closeReasons } from '../../src/errors/close-reason.js';
import { MemoryStore, type Session, type SessionContextOptions, SessionError } from '../../src/index.js';
import { authenticateUpgrade, streamMailbox } from '../../src/websocket/index.js';
import { until, type WireBatch } from '../support/http-kit.js';
import { bindStore, type ServiceOptions, startService } from '../support/service.js';
import { Client } from './client.js';
import { Gate } from './controlled-store.js';
import { reportedFault } from './reported-fault.js';

async function stage(t: ExecutionContext, context: SessionContextOptions = {}, options: ServiceOptions = {}) {
  const service = await startService(t, context, options);
  const { manager } = service;
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const webSocketServer = new WebSocketServer({ noServer: true });
  webSocketServer.on('connection', (socket: WebSocket, request: IncomingMessage, session: Session) =>
    streamMailbox(manager, socket, session, request),
  );
  authenticateUpgrade(server, manager, { webSocketServer, path: '/stream' });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...service,
    webSocketServer,
    connect: (token: string, query = '') => new Client(port, { path: `/stream${query}`, token }).opened(),
    undelivered: async (id: string) => (await manager.getSession(id)).undelivered,
  };
}

type Stage = Awaited<ReturnType<typeof stage>>;

async function next(client: Client): Promise<WireBatch> {
  return (await client.next()) as WireBatch;
}

async function untilUndelivered({ undelivered }: Stage, id: string, wanted: number): Promise<void> {
  let left = -1;
  await until(() => {
    void undelivered(id).then((count) => {
      left = count;
    });
    return left === wanted;
  });
}

/** Options with room for more messages than the operating system buffers for a client that does not read. */
const roomy = { msgMaxLength: 1_000, mailboxMaxBytes: 64_000_000 };

test('a WebSocket receives each message when it is pushed, after an empty batch with its cursor', async (t) => {
  const { manager, clock, connect } = await stage(t);
  const session = await manager.createSession('alice');
  const client = await connect(session.token);
  const first = await next(client);
  t.deepEqual(first, { messages: [], cursor: first.cursor, lost: 0 });
  await manager.push(session.id, { text: 'hi' });
  const batch = await next(client);
  t.deepEqual(batch.messages, [{ offset: 1, at: clock.now(), data: { text: 'hi' } }]);
});

test('a WebSocket without messages for pollTime receives an empty batch with its cursor, because browsers hide pings', async (t) => {
  const { manager, clock, connect } = await stage(t);
  const session = await manager.createSession('alice');
  const client = await connect(session.token);
  await next(client);
  await manager.push(session.id, 'one');
  const { cursor } = await next(client);
  await clock.advance(25_000);
  t.deepEqual(await next(client), { messages: [], cursor, lost: 0 });
});

test('an acknowledgement over the WebSocket removes messages, also of a stream that names no reader', async (t) => {
  const all = await stage(t);
  for (const query of ['?reader=tab', '']) {
    const session = await all.manager.createSession('alice');
    const client = await all.connect(session.token, query);
    await next(client);
    for (const data of ['a', 'b']) await all.manager.push(session.id, data);
    const a = await next(client);
    const b = await next(client);
    t.is(await all.undelivered(session.id), 2);
    client.send({ ack: a.cursor });
    await untilUndelivered(all, session.id, 1);
    client.send({ ack: 'zzzz.9.9' });
    client.send({ ack: b.cursor });
    await untilUndelivered(all, session.id, 0);
  }
});

test('while the store works on one acknowledgement, only the furthest of the others waits', async (t) => {
  const gate = new Gate();
  const places: number[] = [];
  class SlowStore extends MemoryStore {
    override async acknowledge(...call: Parameters<MemoryStore['acknowledge']>): Promise<void> {
      places.push(call[3].offset);
      await gate.pass();
      await super.acknowledge(...call);
    }
  }
  const all = await stage(t, {}, { store: bindStore((context, clock) => new SlowStore(context, clock)) });
  const session = await all.manager.createSession('alice');
  const client = await all.connect(session.token);
  await next(client);
  const cursors: string[] = [];
  for (const data of ['a', 'b', 'c', 'd']) {
    await all.manager.push(session.id, data);
    cursors.push((await next(client)).cursor);
  }
  const [a, b, c, d] = cursors;
  for (const ack of [a, b, d, c, ...Array.from({ length: 500 }, () => b)]) client.send({ ack });
  // The pong shows that the server has read everything before the ping.
  client.socket.ping();
  await once(client.socket, 'pong');
  t.deepEqual(places, [1]);
  gate.open();
  await untilUndelivered(all, session.id, 0);
  t.deepEqual(places, [1, 4]);
});

test('a WebSocket continues from its cursor, and with ack=sent the sent messages are removed', async (t) => {
  const all = await stage(t);
  const session = await all.manager.createSession('alice');
  for (const data of ['a', 'b']) await all.manager.push(session.id, data);
  const { cursor } = await all.manager.poll(session.id, { after: '', limit: 1, reader: 'tab' });
  const client = await all.connect(session.token, `?reader=tab&ack=sent&after=${cursor}`);
  t.deepEqual(
    (await next(client)).messages.map(({ data }) => data),
    ['b'],
  );
  await untilUndelivered(all, session.id, 0);
});

test('a newer stream of the reader closes the WebSocket with 4009', async (t) => {
  const { manager, connect } = await stage(t);
  const session = await manager.createSession('alice');
  const older = await connect(session.token, '?reader=tab');
  await next(older);
  const newer = await connect(session.token, '?reader=tab');
  await next(newer);
  t.true((await next(older)).superseded);
  t.is((await older.closed).code, 4009);
  await manager.push(session.id, 'a');
  t.is((await next(newer)).messages.length, 1);
});

test('the end of the session, a rotation and a drain close the WebSocket with the code of the reason', async (t) => {
  const { manager, room, connect } = await stage(t);
  const session = await manager.createSession('alice');
  const rotated = await connect(session.token);
  await next(rotated);
  const { token } = await manager.rotateToken(session.id);
  t.is((await rotated.closed).code, closeReasons.rotated.webSocketCode);
  const revoked = await connect(token);
  await next(revoked);
  await manager.closeSession(session.id, 'revoked');
  t.deepEqual(await revoked.closed, { code: 4004, reason: closedNotice('revoked').reason });
  const other = await manager.createSession('alice');
  const drained = await connect(other.token);
  await next(drained);
  await manager.drain();
  t.is((await drained.closed).code, closeReasons.shutdown.webSocketCode);
  t.is(room.held, 0);
});

test('a stream beyond maxWaiter receives the time to retry, and is closed with 1013', async (t) => {
  const { manager, connect } = await stage(t, { maxWaiter: 0 });
  const session = await manager.createSession('alice');
  const client = await connect(session.token);
  t.is(typeof (await next(client)).retry, 'number');
  t.is((await client.closed).code, 1013);
});

test('a stream whose mailbox can’t be read closes with 1013 while the store is away, and with 1011 by a fault', async (t) => {
  let cause: Error | undefined;
  class FailingStore extends MemoryStore {
    override async read(...args: Parameters<MemoryStore['read']>): ReturnType<MemoryStore['read']> {
      if (cause !== undefined) throw cause;
      return super.read(...args);
    }
  }
  const store = bindStore((context, clock) => new FailingStore(context, clock));
  const { manager, connect } = await stage(t, {}, { store });
  const session = await manager.createSession('alice');
  cause = new SessionError('STORE_UNAVAILABLE', 'The store is away', {});
  t.deepEqual(await (await connect(session.token)).closed, { code: 1013, reason: 'STORE_UNAVAILABLE' });
  const reported = reportedFault(/a secret/);
  cause = new Error('a secret');
  t.deepEqual(await (await connect(session.token)).closed, { code: 1011, reason: 'The server failed' });
  await reported;
});

test('a message that is not an acknowledgement closes the WebSocket with 1007, and so does a wrong parameter', async (t) => {
  const { manager, room, connect } = await stage(t);
  const session = await manager.createSession('alice');
  for (const text of ['x', '{"ack":1}', 'null', '{"ack":"x"}', `{"ack":"${'a'.repeat(2_000)}"}`]) {
    const client = await connect(session.token);
    await next(client);
    client.socket.send(text);
    t.is((await client.closed).code, 1007, text.slice(0, 20));
  }
  for (const query of ['?after=x', '?reader=a%20b', '?ack=other', '?reader=a&reader=b'])
    t.is((await (await connect(session.token, query)).closed).code, 1007, query);
  await until(() => room.held === 0);
});

test('the stream of a client that disconnects ends', async (t) => {
  const { manager, room, connect } = await stage(t);
  const session = await manager.createSession('alice');
  const client = await connect(session.token);
  await next(client);
  t.is(room.held, 1);
  client.socket.terminate();
  await until(() => room.held === 0);
});

test('a stream on a WebSocket that has closed already is not opened', async (t) => {
  const { manager, room, connect, webSocketServer, clock } = await stage(t);
  const accepted = once(webSocketServer, 'connection');
  const client = await connect((await manager.createSession('alice')).token);
  const [socket, request, session] = await accepted;
  const closed = once(socket, 'close');
  client.socket.terminate();
  await closed;
  await until(() => room.held === 0);
  streamMailbox(manager, socket, session, request);
  await clock.settle();
  t.is(room.held, 0);
});

test('a client that stops reading is cut off at streamMaxBytes, and its messages stay', async (t) => {
  const { manager, room, connect, undelivered } = await stage(t, { ...roomy, streamMaxBytes: 100_000 });
  const session = await manager.createSession('alice');
  const client = await connect(session.token, '?reader=tab');
  await next(client);
  client.socket.pause();
  const text = 'x'.repeat(60_000);
  let pushed = 0;
  // The operating system buffers some megabytes before the server must keep any messages.
  for (; room.held > 0 && pushed < 900; pushed += 1) {
    await manager.push(session.id, text);
    if (pushed % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  t.is(room.held, 0);
  t.is(await undelivered(session.id), pushed);
});

test('messages that a client that was cut off has not received stay in the mailbox, also with ack=sent', async (t) => {
  const { manager, room, connect } = await stage(t, { ...roomy, streamMaxBytes: 100_000 });
  const session = await manager.createSession('alice');
  const client = await connect(session.token, '?reader=tab&ack=sent');
  await next(client);
  client.socket.pause();
  let pushed = 0;
  for (; room.held > 0 && pushed < 900; pushed += 1) {
    await manager.push(session.id, `${pushed};${'x'.repeat(60_000)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.is(room.held, 0);
  const taken = new Set<number>();
  const take = (messages: readonly { readonly data?: unknown }[]) => {
    for (const { data } of messages) taken.add(Number.parseInt(String(data), 10));
  };
  client.socket.on('message', (text) => take(JSON.parse(String(text)).messages));
  client.socket.resume();
  await client.closed;
  take((await manager.poll(session.id, { reader: 'tab', wait: 0 })).messages);
  t.is(taken.size, pushed);
});

test('with ack=sent messages that were sent before the client began to close are removed once they are written out', async (t) => {
  const all = await stage(t, { ...roomy, streamMaxBytes: 64_000_000 });
  const session = await all.manager.createSession('alice');
  const client = await all.connect(session.token, '?reader=tab&ack=sent');
  await next(client);
  client.socket.pause();
  let waiting = 0;
  for (let pushed = 0; waiting < 5 && pushed < 900; pushed += 1) {
    await all.manager.push(session.id, 'x'.repeat(60_000));
    await new Promise((resolve) => setImmediate(resolve));
    waiting = await all.undelivered(session.id);
  }
  t.is(waiting, 5);
  client.socket.close();
  await until(() => [...all.webSocketServer.clients].every(({ readyState }) => readyState === WebSocket.CLOSING));
  client.socket.resume();
  await client.closed;
  await untilUndelivered(all, session.id, 0);
});
