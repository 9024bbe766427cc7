import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test from 'ava';
import { fastLane } from '../../src/fast-lane/index.js';
import { until } from '../support/http-kit.js';
import { LaneStage, otherText, pollText } from './lane-stage.js';

test('maxRequestsPerSocket counts the requests of the lane and of node:http, and the last answer ends the connection', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => {
      server.maxRequestsPerSocket = 3;
    },
  });
  const { token } = await stage.logIn();
  for (const [first, last] of [
    [otherText, pollText(token)],
    [pollText(token), otherText],
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
  await lent.sendRaw(otherText).response();
  const bare = await stage.open();
  bare.sendRaw(pollText(session.token, 'after=&reader=a'));
  await stage.held(1);
  const returned = await stage.open();
  await returned.sendRaw(otherText).response();
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
  await held.sendRaw(otherText).response();
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
  await held.sendRaw(otherText).response();
  held.sendRaw(pollText((await stage.logIn()).token, 'after='));
  await stage.held(1);
  t.is(lane.counts.pollsInLane, 1);
  const idle = await stage.open();
  await idle.sendRaw(otherText).response();
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

async function connectionCount({ server }: LaneStage): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
