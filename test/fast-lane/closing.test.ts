import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test from 'ava';
import { fastLane } from '../../src/fast-lane/index.js';
import { SessionError } from '../../src/index.js';
import { HostPolicy } from '../../src/requests/index.js';
import type { Connection } from '../support/http-client.js';
import { until } from '../support/http-kit.js';
import { warningsOf } from '../support/warnings.js';
import { LaneStage, pollText } from './lane-stage.js';

const other = 'GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n';

test('a connection that sends nothing is answered 408 after headersTimeout', async (t) => {
  const stage = await LaneStage.start(t, { server: { headersTimeout: 100, requestTimeout: 100 } });
  const { socket, received } = stage.raw();
  await once(socket, 'close');
  t.is(received(), 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
});

test('a request whose head does not end is answered 408 by node:http', async (t) => {
  const server = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 50 };
  const stage = await LaneStage.start(t, { server });
  const { socket, received } = stage.raw();
  socket.write('GET /poll HTTP/1.1\r\nHost: a\r\n');
  await once(socket, 'close');
  t.regex(received(), /^HTTP\/1\.1 408 /);
});

test('an idle connection is closed after keepAliveTimeout, which the answers announce; a connection with a held poll is not', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => {
      server.keepAliveTimeout = 1;
    },
  });
  const { token } = await stage.logIn();
  for (const first of [pollText(token), other]) {
    const idle = stage.raw();
    idle.socket.write(first);
    await once(idle.socket, 'close');
    t.true(idle.received().includes('\r\nKeep-Alive: timeout=0\r\n'));
  }
  const held = await holdAfter(stage, pollText(token), token);
  const later = stage.raw();
  later.socket.write(pollText(token, 'after=&wait=0&reader=b'));
  await once(later.socket, 'close');
  t.is(stage.service.room.held, 1);
  t.false(held.isClosed);
});

test.serial('timeouts longer than the maximum delay of a timer do not close a connection immediately', async (t) => {
  const most = 2 ** 31 - 1;
  const stage = await LaneStage.start(t, {
    server: { headersTimeout: 2 * most, requestTimeout: 2 * most },
    setUp: (server) => {
      server.keepAliveTimeout = most;
    },
  });
  const { token } = await stage.logIn();
  const silent = await stage.open();
  const idle = await stage.open();
  const warnings = await warningsOf(async () => {
    t.is((await idle.sendRaw(pollText(token)).response()).status, 200);
    // Wait for longer than 1 ms, which is the delay that Node uses for a timer whose delay is too long.
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  t.deepEqual(warnings, []);
  t.false(silent.isClosed);
  t.is((await idle.sendRaw(pollText(token)).response()).status, 200);
});

test('a poll on a connection that returned to the lane is held longer than the keepAliveTimeout of node:http', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => {
      server.keepAliveTimeout = 1;
    },
  });
  const { token } = await stage.logIn();
  await holdAfter(stage, other, token);
  const later = stage.raw();
  later.socket.write(other);
  await once(later.socket, 'close');
  t.is(stage.service.room.held, 1);
  t.true(stage.lane.counts.returned > 0);
});

test('a poll behind an immediately refused poll is held longer than keepAliveTimeout', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => {
      server.keepAliveTimeout = 1;
    },
  });
  const { token } = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(token, 'limit=0') + pollText(token, 'after='));
  t.is((await connection.response()).status, 400);
  await stage.held(1);
  const later = stage.raw();
  later.socket.write(other);
  await once(later.socket, 'close');
  t.is(stage.service.room.held, 1);
  t.false(connection.isClosed);
});

test('server.timeout closes an inactive connection, unless a listener handles the event', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => {
      server.timeout = 50;
    },
  });
  const { token } = await stage.logIn();
  const held = await stage.open();
  held.sendRaw(pollText(token, ''));
  await until(() => held.isClosed);
  await stage.held(0);
  const timedOut = once(stage.server, 'timeout');
  const kept = await stage.open();
  kept.sendRaw(pollText(token, ''));
  await timedOut;
  t.false(kept.isClosed);
});

test('maxRequestsPerSocket counts the requests of the lane and of node:http, and the last answer ends the connection', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => {
      server.maxRequestsPerSocket = 3;
    },
  });
  const { token } = await stage.logIn();
  for (const [first, last] of [
    [other, pollText(token)],
    [pollText(token), other],
  ]) {
    const connection = await stage.open();
    for (const text of [first, pollText(token)]) {
      const { headers } = await connection.sendRaw(text ?? '').response();
      t.is(headers.get('connection'), 'keep-alive');
    }
    const { headers } = await connection.sendRaw(last ?? '').response();
    t.is(headers.get('connection'), 'close');
    await connection.closed();
  }
});

test('the last answer closes the connection, also if the client does not end its own side', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => {
      server.maxRequestsPerSocket = 1;
    },
  });
  const { token } = await stage.logIn();
  const connected: Promise<Socket[]> = once(stage.server, 'connection');
  const client = connect({ port: stage.port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => client.destroy());
  const ended = once(client, 'end');
  client.resume().write(pollText(token));
  const [socket] = await connected;
  await ended;
  await until(() => socket?.destroyed === true);
  t.pass();
});

test('server.close ends idle connections of the lane and of node:http; held polls are answered first', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  const idle = await stage.open();
  await idle.sendRaw(pollText(session.token)).response();
  const lent = await stage.open();
  await lent.sendRaw(other).response();
  const bare = await stage.open();
  bare.sendRaw(pollText(session.token, 'after=&reader=a'));
  await stage.held(1);
  const returned = await stage.open();
  await returned.sendRaw(other).response();
  returned.sendRaw(pollText(session.token, 'after=&reader=b'));
  await stage.held(2);
  stage.server.close();
  await Promise.all([idle.closed(), lent.closed()]);
  await stage.service.manager.push(session.id, 'last');
  for (const held of [bare, returned]) t.is((await held.response()).status, 200);
});

test('closeIdleConnections keeps held polls, closeAllConnections ends them', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  const fresh = await stage.open();
  const held = await stage.open();
  await held.sendRaw(other).response();
  held.sendRaw(pollText(token, ''));
  await stage.held(1);
  const idle = await stage.open();
  await idle.sendRaw(pollText(token, 'wait=0&reader=b')).response();
  stage.server.closeIdleConnections();
  await idle.closed();
  t.is(stage.service.room.held, 1);
  t.is(await connectionCount(stage), 2);
  stage.server.closeAllConnections();
  await Promise.all([held.closed(), fresh.closed()]);
  await stage.held(0);
});

test('closeIdleConnections keeps the held polls of a lane that was opened before the last answer of an older lane', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  const old = await stage.open();
  old.sendRaw(pollText(session.token, 'after='));
  await stage.held(1);
  stage.lane.close();
  const lane = fastLane(stage.server, stage.service.manager);
  await stage.service.manager.push(session.id, 'last');
  await old.response();
  await old.close();
  while ((await connectionCount(stage)) > 0) await new Promise((resolve) => setImmediate(resolve));
  const held = await stage.open();
  await held.sendRaw(other).response();
  held.sendRaw(pollText((await stage.logIn()).token, 'after='));
  await stage.held(1);
  t.is(lane.counts.pollsInLane, 1);
  const idle = await stage.open();
  await idle.sendRaw(other).response();
  stage.server.closeIdleConnections();
  await idle.closed();
  t.is(stage.service.room.held, 1);
  t.is(await connectionCount(stage), 1);
});

test('getConnections counts the connections of the lane', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(token, ''));
  await stage.held(1);
  t.is(await connectionCount(stage), 1);
});

test('a closed lane answers its held polls, and leaves other requests to node:http', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  const [held, idle] = [await stage.open(), await stage.open()];
  await idle.sendRaw(pollText(session.token, 'wait=0&reader=b')).response();
  held.sendRaw(pollText(session.token, 'after='));
  await stage.held(1);
  stage.lane.close();
  await stage.service.manager.push(session.id, 'last');
  t.is((await held.response()).status, 200);
  for (const connection of [held, idle, await stage.open()]) {
    t.is((await connection.sendRaw(pollText(session.token)).response()).status, 200);
  }
  t.is(stage.seen.length, 3);
  t.is(stage.lane.counts.pollsInLane, 2);
});

test('after server.close node:http handles every further request, and may end its connection', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  const held = await stage.open();
  held.sendRaw(pollText(session.token, 'after='));
  await stage.held(1);
  stage.server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  stage.server.close();
  await stage.service.manager.push(session.id, 'last');
  t.is((await held.response()).headers.get('connection'), 'keep-alive');
  t.is((await held.sendRaw(pollText(session.token)).response()).headers.get('connection'), 'close');
  await held.closed();
});

test('polls for a host that the policy refuses go to node:http', async (t) => {
  const stage = await LaneStage.start(t, { lane: { hostPolicy: new HostPolicy() } });
  const { token } = await stage.logIn();
  const connection = await stage.open();
  for (const host of ['localhost', 'evil.example']) {
    connection.sendRaw(pollText(token).replace('Host: localhost', `Host: ${host}`));
    t.is((await connection.response()).status, 200);
  }
  t.like(stage.lane.counts, { pollsInLane: 1, pollsOutside: 1 });
});

test('the server stops reading from a client that reads no answers, and sends every answer once the client reads', async (t) => {
  const context = { msgMaxBytes: 1_000_000, mailboxMaxBytes: 4_000_000 };
  const stage = await LaneStage.start(t, { context });
  const session = await stage.logIn();
  const sockets = new Set<{ readonly writableLength: number }>();
  stage.server.on('connection', (socket) => sockets.add(socket));
  for (let count = 0; count < 3; count += 1) await stage.service.manager.push(session.id, 'x'.repeat(900_000));
  const connection = await stage.open();
  connection.stopReading();
  const polls = 10;
  connection.sendRaw(pollText(session.token).repeat(polls));
  await until(() => stage.lane.counts.pollsInLane === polls);
  await until(() => [...sockets].some(({ writableLength }) => writableLength > 0));
  const [waiting] = sockets;
  t.true((waiting?.writableLength ?? 0) < 6_000_000, 'of ten answers one is under way');
  connection.resumeReading();
  for (let count = 0; count < polls; count += 1)
    t.is(JSON.parse((await connection.response()).body).messages.length, 3);
});

test('pipelined polls are answered in their order, and a request after them waits for the last answer', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  const connection = await stage.open();
  const query = (reader: string) => pollText(session.token, `after=&reader=${reader}`);
  connection.sendRaw(`${query('a')}${pollText(session.token, 'limit=0')}`);
  await stage.held(1);
  connection.sendRaw(other).sendRaw(other);
  await until(() => stage.lane.counts.pollsInLane === 2);
  t.deepEqual(stage.seen, []);
  await stage.service.manager.push(session.id, 'hi');
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await connection.response()).status);
  t.deepEqual(statuses, [200, 400, 200, 200]);
});

test('a newer poll of a reader supersedes the older one on the same connection', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(token, 'after=') + pollText(token, 'after=&wait=1'));
  t.true(JSON.parse((await connection.response()).body).superseded);
});

test('a connection with more than 100 queued polls is ended', async (t) => {
  const stage = await LaneStage.start(t, { context: { maxPoll: 1_000 } });
  const { token } = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(token, 'after=&reader=a') + pollText(token).repeat(101));
  await until(() => connection.isClosed);
  await stage.held(0);
  t.pass();
});

test('a server that already has a lane is refused, and so are wrong options', async (t) => {
  const stage = await LaneStage.start(t);
  const { manager } = stage.service;
  const again = t.throws(() => fastLane(stage.server, manager), { instanceOf: SessionError });
  t.like(again, { code: 'INVALID_CONTEXT', details: { front: 'fastLane', field: 'server' } });
  const unknown = t.throws(() => fastLane(stage.server, manager, JSON.parse('{"return":true}')));
  t.regex(unknown?.message ?? '', /did you mean returns\?/);
  t.throws(() => fastLane(stage.server, manager, { path: 'poll' }), { message: /path must be a path/ });
  t.throws(() => fastLane(stage.server, manager, { trustedOrigins: ['x'] }), { message: /trustedOrigins/ });
});

/** Opens a connection with a held poll after another request. Tries again if the connection was closed in between. */
async function holdAfter(stage: LaneStage, first: string, token: string): Promise<Connection> {
  for (;;) {
    const connection = await stage.open();
    await connection.sendRaw(first).response();
    connection.sendRaw(pollText(token, 'after='));
    await until(() => stage.service.room.held === 1 || connection.isClosed);
    if (!connection.isClosed) return connection;
  }
}

async function connectionCount({ server }: LaneStage): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
