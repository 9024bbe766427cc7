import { once } from 'node:events';
import test from 'ava';
import type { Connection } from '../support/http-client.js';
import { until } from '../support/http-kit.js';
import { warningsOf } from '../support/warnings.js';
import { LaneStage, otherText, pollText } from './lane-stage.js';

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
  for (const first of [pollText(token), otherText]) {
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
  await holdAfter(stage, otherText, token);
  const later = stage.raw();
  later.socket.write(otherText);
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
  later.socket.write(otherText);
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
