import { once } from 'node:events';
import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { until } from '../support/http-kit.js';
import { LaneStage, pollText } from './lane-stage.js';

const atOnce = 'GET /at-once HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Opens a connection whose client does not read an answer that is larger than the buffers of the operating system. */
async function stuckConnection(t: ExecutionContext) {
  const sockets: Socket[] = [];
  const stage = await LaneStage.start(t, {
    context: { msgMaxBytes: 4_000_000, mailboxMaxBytes: 32_000_000 },
    setUp: (server) => {
      server.keepAliveTimeout = 1;
      server.on('connection', (socket) => sockets.push(socket));
      server.prependListener('request', ({ url }, response) => {
        if (url === '/at-once') response.end('at once');
      });
    },
  });
  const full = await stage.logIn();
  for (let count = 0; count < 8; count += 1) await stage.service.manager.push(full.id, 'x'.repeat(3_000_000));
  const { token } = await stage.logIn();
  const connection = await stage.open();
  await until(() => sockets.length === 1);
  const [socket] = sockets;
  if (socket === undefined) throw new Error('The connection was not taken');
  connection.stopReading();
  connection.sendRaw(pollText(full.token, 'after=&wait=0'));
  await until(() => socket.bytesWritten > 24_000_000);
  const readAnswer = async () => {
    connection.resumeReading();
    return JSON.parse((await connection.response()).body).messages.length;
  };
  /** Sends a poll of a session whose mailbox is empty. */
  const hold = () => connection.sendRaw(pollText(token, 'after='));
  return { stage, connection, socket, token, hold, readAnswer };
}

test('the server reads from a paused connection again while a poll of it is held', async (t) => {
  const { stage, connection, socket, hold, readAnswer } = await stuckConnection(t);
  hold();
  await until(() => socket.isPaused());
  t.is(await readAnswer(), 8);
  await stage.held(1);
  await until(() => !socket.isPaused());
  hold();
  t.true(JSON.parse((await connection.response()).body).superseded);
  await stage.held(1);
  await connection.close();
  await stage.held(0);
});

test('a poll that is read together with an immediately answered request is held longer than keepAliveTimeout', async (t) => {
  const { stage, connection, socket, token, hold, readAnswer } = await stuckConnection(t);
  connection.sendRaw(pollText(token, 'limit=0'));
  await until(() => socket.isPaused());
  // The paused stream keeps the requests as separate pieces. Later it emits one after the other, with nothing in between.
  for (const send of [() => connection.sendRaw(atOnce), hold]) {
    const kept = socket.readableLength;
    send();
    await until(() => socket.readableLength > kept);
  }
  t.is(await readAnswer(), 8);
  t.is((await connection.response()).status, 400);
  t.is((await connection.response()).body, 'at once');
  await stage.held(1);
  const later = stage.raw();
  later.socket.write(atOnce);
  await once(later.socket, 'close');
  t.is(stage.service.room.held, 1);
  t.false(connection.isClosed);
});
