import { once } from 'node:events';
import test from 'ava';
import { until } from '../support/http-kit.js';
import { LaneStage, otherText, pollText } from './lane-stage.js';

test('polls in one piece with a malformed request are refused together with it, as by node:http', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  const { socket, received } = stage.raw();
  socket.write(`${pollText(token)}GET /poll HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n`);
  await once(socket, 'close');
  t.regex(received(), /^HTTP\/1\.1 400 /);
  t.is(stage.lane.counts.pollsInLane, 0);
});

test('node:http answers polls that arrive in one piece with another request, in their order', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  const { socket, received } = stage.raw();
  socket.write(`${pollText(token)}${otherText}${pollText(token)}`);
  await until(() => received().split('HTTP/1.1 200').length === 4);
  t.is(stage.seen.length, 3);
  t.is(stage.lane.counts.pollsInLane, 0);
});

test('a bearer after the first maxHeadersCount headers is not read, and the answer is the same as without a lane', async (t) => {
  const statuses: string[] = [];
  for (const lane of [{}, 'none'] as const) {
    const setUp = (server: object) => Object.assign(server, { maxHeadersCount: 3 });
    const stage = await LaneStage.start(t, { setUp, lane });
    const { token } = await stage.logIn();
    const { socket, received } = stage.raw();
    socket.write(pollText(token).replace('Authorization', 'X-One: 1\r\nX-Two: 2\r\nAuthorization'));
    await until(() => received() !== '');
    statuses.push(received().slice(0, 'HTTP/1.1 401 '.length));
    t.is(stage.lane.counts.pollsInLane, 0);
  }
  // Newer versions of Node refuse the request instead of ignoring the header.
  t.true(['HTTP/1.1 401 ', 'HTTP/1.1 431 '].includes(statuses[0] ?? ''));
  t.is(statuses[0], statuses[1]);
});

test('a head longer than maxHeaderSize is refused with 431', async (t) => {
  const stage = await LaneStage.start(t, { server: { maxHeaderSize: 300 } });
  const { token } = await stage.logIn();
  const { socket, received } = stage.raw();
  socket.write(pollText(token, undefined, `X-Long: ${'x'.repeat(300)}\r\n`));
  await once(socket, 'close');
  t.regex(received(), /^HTTP\/1\.1 431 /);
  t.is(stage.lane.counts.pollsInLane, 0);
});
