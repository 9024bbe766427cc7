import test from 'ava';
import { until } from '../support/http-kit.js';
import { LaneStage, otherText, pollText } from './lane-stage.js';

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
  connection.sendRaw(otherText).sendRaw(otherText);
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
