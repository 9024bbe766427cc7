import { Duplex } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { readMeasures } from '../../src/metrics/index.js';
import { until } from '../support/http-kit.js';
import { LaneStage, pollText } from './lane-stage.js';

const other = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

test('a connection returns to the lane after another request, and the lane serves its polls', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  const connection = await stage.open();
  for (let round = 0; round < 3; round += 1) {
    t.is(
      (await connection.send('/other', { method: 'POST', headers: { 'Content-Length': '0' } }).response()).status,
      200,
    );
    connection.sendRaw(pollText(token));
    t.is((await connection.response()).status, 200);
  }
  t.deepEqual(stage.seen, ['POST /other', 'POST /other', 'POST /other']);
  t.like(stage.lane.counts, { pollsInLane: 3, pollsOutside: 0, handedOver: 3, returned: 3 });
});

test('the metrics count the polls of the lane and of node:http, over all lanes of a node', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(token));
  t.is((await connection.response()).status, 200);
  connection.sendRaw(pollText(token, undefined, 'TE: trailers\r\n'));
  t.is((await connection.response()).status, 200);
  t.deepEqual(readMeasures(stage.service.manager).lanePolls, { lane: 1, 'node-http': 1 });
});

test('with `returns: false` a connection that was handed over does not return to the lane', async (t) => {
  const stage = await LaneStage.start(t, { lane: { returns: false } });
  const { token } = await stage.logIn();
  const connection = await stage.open();
  t.is((await connection.send('/other').response()).body, 'GET /other ');
  connection.sendRaw(pollText(token));
  t.is((await connection.response()).status, 200);
  t.like(stage.lane.counts, { pollsInLane: 0, pollsOutside: 1, handedOver: 1, returned: 0 });
});

test('a request in pieces of one byte reaches node:http complete, on a new connection and on one that node:http had before', async (t) => {
  const stage = await LaneStage.start(t);
  const { token } = await stage.logIn();
  for (const before of ['', other('/first')]) {
    const { socket, received } = stage.raw();
    if (before !== '') {
      socket.write(before);
      await until(() => received().endsWith('/first '));
    }
    const text = `POST /pieces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody${pollText(token)}`;
    for (const letter of text) socket.write(letter);
    await until(() => received().includes('"cursor"'));
    t.true(received().includes('POST /pieces body'));
  }
  t.is(stage.seen.filter((each) => each === 'POST /pieces').length, 2);
});

test('a large body reaches node:http complete, and the connection stays there', async (t) => {
  const stage = await LaneStage.start(t);
  const connection = await stage.open();
  const body = 'x'.repeat(1_000_000);
  for (const path of ['/a', '/b']) {
    const response = await connection.send(path, { method: 'POST', body }).response();
    t.is(response.body, `POST ${path} ${body}`);
  }
  t.like(stage.lane.counts, { handedOver: 1, returned: 0 });
});

test('requests that do not wait for the previous answer reach node:http in their order', async (t) => {
  const stage = await LaneStage.start(t);
  const connection = await stage.open();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  stage.server.prependListener('request', ({ url }) => url === '/two' && release());
  connection.sendRaw(other('/one'));
  await until(() => stage.seen.length === 1);
  connection.sendRaw(other('/two')).sendRaw(other('/three'));
  await released;
  for (const path of ['/one', '/two', '/three']) t.is((await connection.response()).body, `GET ${path} `);
});

test('a WebSocket is upgraded, also on a connection that returned to the lane, and its bytes bypass the lane', async (t) => {
  const stage = await LaneStage.start(t);
  stage.server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    socket.on('data', (bytes: Buffer) => socket.write(bytes.toString().toUpperCase()));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  });
  const { token } = await stage.logIn();
  for (const before of ['', pollText(token), other('/first')]) {
    const { socket, received } = stage.raw();
    if (before !== '') {
      socket.write(before);
      await until(() => /\}$|first $/.test(received()));
    }
    socket.write('GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    await until(() => received().includes('101 Switching'));
    socket.write('get /poll');
    await until(() => received().endsWith('GET /POLL'));
  }
  t.pass();
});

test('an upgraded socket may answer a client that has ended its side, as without a lane', async (t) => {
  for (const lane of [{}, 'none'] as const) {
    const stage = await LaneStage.start(t, { lane });
    stage.server.on('upgrade', (_request, socket) => {
      let heard = '';
      socket.on('data', (bytes) => {
        heard += bytes;
      });
      socket.on('end', () => setImmediate(() => socket.end(`heard ${heard}`)));
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    });
    const { socket, received } = stage.raw();
    socket.write('GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    await until(() => received().includes('101 Switching'));
    socket.end('bytes');
    await until(() => received().endsWith('heard bytes'));
  }
  t.pass();
});

test('an answer of node:http with `Connection: close` ends the connection', async (t) => {
  const stage = await LaneStage.start(t, {
    setUp: (server) => server.prependListener('request', (_, response) => response.setHeader('Connection', 'close')),
  });
  const connection = await stage.open();
  t.is((await connection.send('/other').response()).status, 200);
  await connection.closed();
  t.pass();
});

test.serial('an exception of a listener of the application is uncaught, as without a lane', async (t) => {
  const uncaught = uncaughtIn(t);
  const messages = ['of a connection that is lent', 'of one that is given', 'without a lane'];
  for (const [index, lane] of ([{}, { returns: false }, 'none'] as const).entries()) {
    const stage = await LaneStage.start(t, {
      lane,
      setUp: (server) =>
        server.prependListener('request', ({ url }) => {
          if (url === '/throws') throw new Error(messages[index]);
        }),
    });
    (await stage.open()).sendRaw(other('/throws'));
    await until(() => uncaught.length > index);
  }
  t.deepEqual(
    uncaught.map(({ message }) => message),
    messages,
  );
});

test('a stream that the application emits as a connection is served by node:http', async (t) => {
  for (const timeout of [0, 60_000]) {
    const stage = await LaneStage.start(t, {
      setUp: (server) => {
        server.timeout = timeout;
      },
    });
    const { token } = await stage.logIn();
    const [client, served] = streamPair();
    let received = '';
    client.on('data', (bytes) => {
      received += bytes;
    });
    stage.server.emit('connection', served);
    const requests = [pollText(token), other('/one'), pollText(token), other('/two')];
    for (const [index, request] of requests.entries()) {
      client.write(request);
      await until(() => received.split('HTTP/1.1 200').length === index + 2);
    }
    t.like(stage.lane.counts, { pollsInLane: 0, pollsOutside: 2 });
    client.end();
    await until(() => served.destroyed);
  }
});

const smuggled = 'GET /poll?after=&wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n';

const shapes: Readonly<Record<string, string>> = {
  'both lengths': `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`,
  'two lengths': `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n${smuggled}`,
  'a length in a poll': `GET /poll HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  'chunks in a poll': `GET /poll HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'an encoding that is misspelt': `GET /poll HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  'bare line feeds': 'GET /poll HTTP/1.1\nHost: a\n\n',
  'a continued header': 'GET /poll HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n',
  'two hosts': 'GET /poll HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'no host': 'GET /poll HTTP/1.1\r\nX: a\r\n\r\n',
  'a NUL in a header': 'GET /poll HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n',
  'a tunnel': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'no HTTP at all': '\x16\x03\x01\x02\x00',
};

for (const [title, text] of Object.entries(shapes)) {
  test(`${title}: the answer is that of node:http without a lane, and the lane takes no poll`, async (t) => {
    const answers: string[] = [];
    for (const lane of [{}, 'none'] as const) {
      const stage = await LaneStage.start(t, { lane });
      const { socket, received } = stage.raw();
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.end(text);
      await closed;
      answers.push(received().replaceAll(/Date: [^\r]+/g, ''));
      t.is(stage.lane.counts.pollsInLane, 0);
    }
    t.is(answers[0], answers[1]);
  });
}

/** Records uncaught exceptions until the test ends. Removes all other listeners of the process until then. */
function uncaughtIn(t: ExecutionContext): readonly Error[] {
  const uncaught: Error[] = [];
  const before = process.listeners('uncaughtException');
  const listener = (error: Error) => void uncaught.push(error);
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', listener);
  t.teardown(() => {
    process.off('uncaughtException', listener);
    for (const each of before) process.on('uncaughtException', each);
  });
  return uncaught;
}

/** Returns two streams. Each receives the bytes that are written to the other. */
function streamPair(): [Duplex, Duplex] {
  const streamTo = (peer: () => Duplex) =>
    new Duplex({
      read() {},
      write(bytes, _encoding, done) {
        peer().push(bytes);
        done();
      },
      final(done) {
        peer().push(null);
        done();
      },
    });
  const one: Duplex = streamTo(() => another);
  const another: Duplex = streamTo(() => one);
  return [one, another];
}
