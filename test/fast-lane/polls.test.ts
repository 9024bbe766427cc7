import test, { type ExecutionContext } from 'ava';
import type { LaneRequest } from '../../src/fast-lane/index.js';
import { until } from '../support/http-kit.js';
import { LaneStage, pollText, undated } from './lane-stage.js';

/** Sends these bytes to a server, and resolves with its answers once there are `count` of them. */
async function answersOf(stage: LaneStage, text: string, count: number): Promise<string> {
  const { socket, received } = stage.raw();
  socket.write(text);
  await until(() => received().split('HTTP/1.1 ').length > count && /\}$/.test(received()));
  return undated(received());
}

const token = 'x'.repeat(64);
const trusted = 'https://app.example';
const cookie = (value: string) => `GET /poll?wait=0 HTTP/1.1\r\nHost: localhost\r\nCookie: sid=${value}\r\n`;

const requests: Readonly<Record<string, (token: string) => string>> = {
  'a batch': (known) => pollText(known),
  'a batch for a trusted page': (known) => pollText(known, 'wait=0&after=', `Origin: ${trusted}\r\n`),
  'a batch for a page of another site, by bearer': (known) =>
    pollText(known, 'wait=0', 'Origin: https://evil.example\r\n'),
  'a batch by cookie': (known) => `${cookie(known)}Sec-Fetch-Site: same-origin\r\n\r\n`,
  'the refusal of a page of another site': (known) => `${cookie(known)}Sec-Fetch-Site: cross-site\r\n\r\n`,
  'the refusal of a drain by cookie without a known page': (known) => `${cookie(known)}\r\n`,
  'the refusal of an unknown token': () => pollText(token),
  'the refusal of a request without a token': () => 'GET /poll HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'the refusal of a wrong parameter': (known) => pollText(known, 'limit=0'),
  'the refusal of a repeated parameter': (known) => pollText(known, 'wait=0&wait=0'),
};

for (const [title, textOf] of Object.entries(requests)) {
  test(`${title} has the same bytes in the lane and without it`, async (t) => {
    const options = { secure: false, trustedOrigins: [trusted] };
    const quick = await LaneStage.start(t, { lane: options, routes: options });
    const slow = await LaneStage.start(t, { lane: 'none', routes: options });
    const answers: string[] = [];
    for (const stage of [quick, slow]) {
      const session = await stage.logIn();
      await stage.service.manager.push(session.id, 'ünïcödé ☃');
      const text = textOf(session.token);
      const answer = await answersOf(stage, text + text, 2);
      answers.push(answer.replaceAll(/"cursor":"[^"]+"/g, '"cursor"'));
    }
    t.is(answers[0], answers[1]);
    t.deepEqual(quick.seen, []);
    t.is(quick.lane.counts.pollsInLane, 2);
  });
}

test('a poll is held on the bare socket, and a push answers it in one piece', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(session.token, 'after='));
  await stage.held(1);
  await stage.service.manager.push(session.id, { text: 'hi' });
  const { body } = await connection.response();
  t.deepEqual(JSON.parse(body).messages[0].data, { text: 'hi' });
  t.is(connection.pieces.length, 1);
  t.deepEqual(stage.seen, []);
});

test('a client that disconnects releases its waiter, and loses no message', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  for (const leave of ['end', 'reset'] as const) {
    const connection = await stage.open();
    connection.sendRaw(pollText(session.token, ''));
    await stage.held(1);
    connection[leave]();
    await stage.held(0);
  }
  await stage.service.manager.push(session.id, 'kept');
  t.is((await stage.service.manager.getSession(session.id)).undelivered, 1);
});

test('a draining node answers the held polls of the lane with `retry`', async (t) => {
  const stage = await LaneStage.start(t);
  const session = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(session.token, 'after='));
  await stage.held(1);
  await stage.service.manager.drain();
  t.true(JSON.parse((await connection.response()).body).retry > 0);
});

test('over TLS the lane serves polls, and node:http serves other requests', async (t) => {
  const stage = await LaneStage.start(t, { tls: true });
  const session = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(session.token));
  t.is((await connection.response()).status, 200);
  t.is((await connection.send('/other').response()).body, 'GET /other ');
  connection.sendRaw(pollText(session.token));
  t.is((await connection.response()).status, 200);
  t.deepEqual(stage.seen, ['GET /other']);
});

const changes: Readonly<Record<string, (stage: LaneStage, id: string) => Promise<unknown>>> = {
  rotated: ({ service }, id) => service.manager.rotateToken(id),
  'rotated without an end of what it opened': ({ service }, id) => service.manager.rotateToken(id, { keepOpen: true }),
  closed: ({ service }, id) => service.manager.closeSession(id),
};

for (const [change, make] of Object.entries(changes)) {
  test(`a bearer that was used before on the connection is refused once it was ${change}`, async (t) => {
    const stage = await LaneStage.start(t);
    const session = await stage.logIn();
    const connection = await stage.open();
    connection.sendRaw(pollText(session.token));
    t.is((await connection.response()).status, 200);
    await make(stage, session.id);
    for (let count = 0; count < 2; count += 1) {
      connection.sendRaw(pollText(session.token));
      t.is((await connection.response()).status, 401);
    }
    t.is(stage.lane.counts.pollsInLane, 3);
  });
}

test('each refusal of the lane emits an event', async (t) => {
  const stage = await LaneStage.start(t);
  const refusals: string[] = [];
  stage.service.manager.on('refused', ({ kind, ip }) => refusals.push(`${kind} from ${ip}`));
  const { token: known } = await stage.logIn();
  const connection = await stage.open();
  const crossSite = `${cookie(known)}Sec-Fetch-Site: cross-site\r\n\r\n`;
  for (const text of [pollText(token), pollText(token), crossSite, crossSite]) {
    connection.sendRaw(text);
    await connection.response();
  }
  const kinds = ['unknown', 'unknown', 'cross-site', 'cross-site'];
  t.deepEqual(
    refusals,
    kinds.map((kind) => `${kind} from 127.0.0.1`),
  );
});

test('onRequest gets the address of a client that disconnected during its first poll', async (t) => {
  const heard: LaneRequest[] = [];
  const stage = await LaneStage.start(t, { lane: { onRequest: (request) => void heard.push(request) } });
  const session = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(session.token, ''));
  await stage.held(1);
  await connection.close();
  await until(() => heard.length === 1);
  t.like(heard, [{ ip: '127.0.0.1', status: undefined }]);
});

test('onRequest is called for each request of the lane, also if the client has disconnected; its exception affects no poll', async (t) => {
  const heard: LaneRequest[] = [];
  const warnings = warningsOf(t);
  const onRequest = (request: LaneRequest) => {
    heard.push(request);
    throw new Error('the listener failed');
  };
  const stage = await LaneStage.start(t, { lane: { onRequest } });
  const session = await stage.logIn();
  const connection = await stage.open();
  connection.sendRaw(pollText(session.token));
  t.is((await connection.response()).status, 200);
  connection.sendRaw(pollText(session.token, 'wait=x'));
  t.is((await connection.response()).status, 400);
  connection.sendRaw(pollText(session.token, ''));
  await stage.held(1);
  await connection.close();
  await until(() => heard.length === 3);
  t.like(heard, [
    { url: '/poll?wait=0&after=', ip: '127.0.0.1', status: 200 },
    { url: '/poll?wait=x', status: 400 },
    { url: '/poll', status: undefined },
  ]);
  t.true(heard.every(({ duration }) => duration >= 0));
  await until(() => warnings.length === 3);
});

function warningsOf(t: ExecutionContext): Error[] {
  const warnings: Error[] = [];
  const listener = (warning: Error) => {
    if (warning.message.includes('onRequest')) warnings.push(warning);
  };
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  return warnings;
}
