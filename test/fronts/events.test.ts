import { closedNotice } from '../../src/errors/close-reason.js';
import { eventually } from '../support/eventually.js';
import { until } from '../support/http-kit.js';
import { middlewareHeader } from '../support/http-servers.js';
import { cookieOf, isProblem, onEachFront, problemIn } from './stage.js';

onEachFront('a stream opens with its cursor and sends each message as it is pushed', {}, async (t, stage) => {
  const session = await stage.logIn();
  const stream = await stage.open(session.token);
  t.is(stream.response.statusCode, 200);
  const { headers } = stream.response;
  t.is(headers['content-type'], 'text/event-stream');
  t.is(headers['cache-control'], 'no-store, no-transform');
  t.is(headers['x-accel-buffering'], 'no');
  t.is(headers[middlewareHeader.name], middlewareHeader.value);
  t.deepEqual(stream.events, []);
  t.regex(stream.lastEventId, /^[0-9a-z]+\.0\./);
  for (const data of [{ text: 'one' }, 'two\nlines\r', null]) await stage.manager.push(session.id, data);
  await stream.until(({ events }) => events.length === 3);
  const at = stage.clock.now();
  t.deepEqual(stream.messages, [
    { offset: 1, at, data: { text: 'one' } },
    { offset: 2, at, data: 'two\nlines\r' },
    { offset: 3, at, data: null },
  ]);
  t.regex(stream.lastEventId, /^[0-9a-z]+\.3\./);
  stream.close();
  await until(() => stage.room.held === 0);
});

onEachFront('Last-Event-ID resumes after the last event of the client, and overrides `after`', {}, async (t, stage) => {
  const session = await stage.logIn();
  for (const data of ['a', 'b', 'c']) await stage.manager.push(session.id, data);
  const first = await stage.open(session.token, { after: '' });
  await first.until(({ events }) => events.length === 3);
  const [a, b] = first.events;
  const resumed = await stage.open(session.token, { after: '' }, { 'last-event-id': b?.id ?? '' });
  await resumed.until(({ events }) => events.length === 1);
  const asked = await stage.open(session.token, { after: a?.id ?? '' });
  await asked.until(({ events }) => events.length === 2);
  t.deepEqual([resumed.data, asked.data], [['c'], ['b', 'c']]);
});

onEachFront('a message leaves the mailbox when POST /ack acknowledges it', {}, async (t, stage) => {
  const session = await stage.logIn();
  const undelivered = () => stage.undelivered(session.id);
  for (const data of ['a', 'b']) await stage.manager.push(session.id, data);
  const stream = await stage.open(session.token, { reader: 'tab' });
  await stream.until(({ events }) => events.length === 2);
  t.is(await undelivered(), 2);
  const answer = await stage.acknowledge(session.token, 'tab', stream.events[0]?.id ?? '');
  t.deepEqual([answer.status, answer.body], [204, '']);
  t.is(await undelivered(), 1);
  t.is((await stage.acknowledge(session.token, 'tab', 'zzzz.9.9')).status, 204);
  t.is(await undelivered(), 1);
  t.is((await stage.acknowledge(session.token, 'tab', stream.lastEventId)).status, 204);
  t.is(await undelivered(), 0);
});

onEachFront('an acknowledgement that is malformed or has no live session is refused', {}, async (t, stage) => {
  const { id, token } = await stage.logIn();
  for (const body of ['{"cursor":1}', '{}', '{"cursor":"x"}', '[]']) {
    const refused = await stage.post('/ack', body, token);
    t.is(refused.status, 400, body);
    t.is(problemIn(refused).code, 'INVALID_ARGUMENT', body);
  }
  t.is((await stage.post('/ack', '{"cursor"', token)).status, 400);
  t.is((await stage.post('/ack?reader=a%20b', '{"cursor":"a.1.1"}', token)).status, 400);
  t.is((await stage.post('/ack', '{"cursor":"a.1.1"}')).status, 401);
  await stage.manager.closeSession(id, 'logout');
  const closed = await stage.post('/ack', '{"cursor":"a.1.1"}', token);
  t.is(closed.status, 401);
  t.true(isProblem(closed));
});

onEachFront('an acknowledgement by a wrong token is refused', { needsToken: true }, async (t, stage) => {
  const { id, token } = await stage.logIn();
  t.is((await stage.post('/ack', '{"cursor":"a.1.1"}', 'x'.repeat(64))).status, 401);
  await stage.manager.closeSession(id, 'logout');
  t.is(problemIn(await stage.post('/ack', '{"cursor":"a.1.1"}', token)).code, 'SESSION_CLOSED');
});

onEachFront('a page of another site can neither open a stream nor acknowledge by cookie', {}, async (t, stage) => {
  const cookie = cookieOf(await stage.logIn());
  const headers = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
  t.is((await stage.request('/events', { headers })).status, 403);
  const ack = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
  t.is((await stage.request('/ack', { ...ack, body: '{"cursor":"a.1.1"}' })).status, 403);
  t.is(stage.room.held, 0);
});

onEachFront(
  'ack=sent removes sent messages, and with a cookie it needs a browser that declares the site of its page',
  {},
  async (t, stage) => {
    const login = await stage.logIn();
    await stage.manager.push(login.id, 'a');
    const cookie = cookieOf(login);
    const refused = await stage.request('/events?ack=sent', { headers: { cookie } });
    t.is(refused.status, 400);
    t.true(isProblem(refused));
    t.is((await stage.request('/events?ack=other', { token: login.token })).status, 400);
    const stream = await stage.open(cookie, { ack: 'sent' });
    await stream.until(({ events }) => events.length === 1);
    await stage.manager.push(login.id, 'b');
    await stream.until(({ events }) => events.length === 2);
    await eventually(async () => (await stage.undelivered(login.id)) === 0);
    t.deepEqual(stream.data, ['a', 'b']);
  },
);

onEachFront('a quiet stream gets a heartbeat, which a message postpones', {}, async (t, stage) => {
  const session = await stage.logIn();
  const stream = await stage.open(session.token);
  await stage.clock.advance(25_000);
  await stream.until(({ heartbeats }) => heartbeats === 1);
  await stage.clock.advance(20_000);
  await stage.manager.push(session.id, 'a');
  await stage.clock.advance(20_000);
  await stage.manager.push(session.id, 'b');
  await stream.until(({ events }) => events.length === 2);
  t.is(stream.heartbeats, 1);
});

onEachFront(
  'a stream reports that a newer stream has superseded it, and why its session has ended',
  {},
  async (t, stage) => {
    const { id, token } = await stage.logIn();
    const older = await stage.open(token, { reader: 'tab' });
    const newer = await stage.open(token, { reader: 'tab' });
    await older.until(({ hasEnded }) => hasEnded);
    t.like(older.of('closed')[0], { code: 'superseded', reconnect: false });
    await stage.manager.closeSession(id, 'revoked');
    await newer.until(({ hasEnded }) => hasEnded);
    t.deepEqual(newer.of('closed'), [closedNotice('revoked')]);
    t.is((await stage.request('/events', { token })).status, 401);
  },
);

onEachFront('a stream ends when its token is rotated', { needsToken: true }, async (t, stage) => {
  const { id, token } = await stage.logIn();
  const stream = await stage.open(token, { reader: 'tab' });
  const rotated = await stage.manager.rotateToken(id);
  await stream.until(({ hasEnded }) => hasEnded);
  t.deepEqual(stream.of('closed'), [closedNotice('rotated')]);
  t.is((await stage.request('/events', { token })).status, 401);
  await stage.manager.closeSession(id, 'revoked');
  const refused = await stage.request('/events', { token: rotated.token });
  t.is(refused.status, 401);
  t.is(problemIn(refused).closed?.code, 'revoked');
});

onEachFront('a drain ends a stream with retry, and the next stream immediately', {}, async (t, stage) => {
  const session = await stage.logIn();
  const stream = await stage.open(session.token);
  await stage.manager.drain();
  await stream.until(({ hasEnded }) => hasEnded);
  t.true((stream.retry ?? 0) > 0);
  t.deepEqual(stream.of('closed'), []);
  const next = await stage.open(session.token);
  await next.until(({ hasEnded }) => hasEnded);
  t.is(next.response.statusCode, 200);
  t.true((next.retry ?? 0) > 0);
  t.is(next.lastEventId, '');
});

onEachFront(
  'a stream reports lost messages, and a cursor of another epoch',
  {
    context: { msgMaxLength: 2 },
  },
  async (t, stage) => {
    const session = await stage.logIn();
    for (const data of [1, 2, 3]) await stage.manager.push(session.id, data);
    const foreign = await stage.open(session.token, { after: 'zzzz.1.1' });
    await foreign.until(({ events }) => events.length === 4);
    t.deepEqual(
      foreign.events.map(({ type }) => type),
      ['lost', 'reset', 'message', 'message'],
    );
    t.deepEqual([foreign.of('lost'), foreign.of('reset'), foreign.data], [[{ lost: 1 }], [{}], [2, 3]]);
    t.is(foreign.events[1]?.id, '');
    const [epoch] = foreign.lastEventId.split('.');
    const late = await stage.open(session.token, { after: `${epoch}.0.0` });
    await late.until(({ events }) => events.length === 3);
    t.deepEqual([late.events[0]?.type, late.of('lost'), late.data], ['lost', [{ lost: 1 }], [2, 3]]);
  },
);

onEachFront('HEAD is refused, and so is a repeated parameter', {}, async (t, stage) => {
  const { token } = await stage.logIn();
  t.is((await stage.request('/events', { method: 'HEAD', token })).status, 400);
  t.is((await stage.request('/events?reader=a&reader=b', { token })).status, 400);
  t.is((await stage.request('/events?after=x', { token })).status, 400);
  t.is(stage.room.held, 0);
});

onEachFront(
  'a client that stops reading is cut off at streamMaxBytes, and its messages stay',
  {
    context: { streamMaxBytes: 100_000, msgMaxLength: 1_000, mailboxMaxBytes: 64_000_000 },
  },
  async (t, stage) => {
    const session = await stage.logIn();
    const stream = await stage.open(session.token, { reader: 'tab' });
    stream.response.pause();
    const text = 'x'.repeat(60_000);
    let pushed = 0;
    // The operating system buffers some megabytes before the server must keep any messages.
    while (stage.room.held > 0) {
      await stage.manager.push(session.id, text);
      pushed += 1;
      if (pushed % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (pushed > 900) break;
    }
    t.is(stage.room.held, 0);
    t.is(await stage.undelivered(session.id), pushed);
    stream.response.resume();
    await stream.until(({ hasEnded }) => hasEnded);
    const again = await stage.open(session.token, { reader: 'tab' }, { 'last-event-id': stream.lastEventId });
    await again.until(({ events }) => events.length > 0);
    t.is(again.messages[0]?.offset, (stream.messages.at(-1)?.offset ?? 0) + 1);
    again.close();
  },
);
