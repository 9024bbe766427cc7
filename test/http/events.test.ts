import { closedNotice } from '../../src/errors/close-reason.js';
import { EventStream } from '../support/event-stream.js';
import { isProblem, type Kit, onEachAdapter, problemIn, until } from '../support/http-kit.js';

function eventsPath(query: Readonly<Record<string, string>>): string {
  return `/events?${new URLSearchParams(query)}`;
}

/** A stream that is parked by now. */
async function open(
  kit: Kit,
  token: string,
  query: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const stream = await EventStream.open(kit.port, eventsPath(query), { authorization: `Bearer ${token}`, ...headers });
  await stream.until(({ lastEventId, hasEnded }) => lastEventId !== '' || hasEnded);
  return stream;
}

function acknowledge(kit: Kit, token: string, reader: string, cursor: string) {
  return kit.request(`/ack?reader=${reader}`, {
    method: 'POST',
    token,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ cursor }),
  });
}

onEachAdapter('a stream opens with its cursor and sends each message as it is pushed', {}, async (t, kit) => {
  const session = await kit.logIn();
  const stream = await open(kit, session.token);
  t.is(stream.response.statusCode, 200);
  const { headers } = stream.response;
  t.is(headers['content-type'], 'text/event-stream');
  t.is(headers['cache-control'], 'no-store, no-transform');
  t.is(headers['x-accel-buffering'], 'no');
  t.is(headers['access-control-allow-origin'], 'https://app.example');
  t.deepEqual(stream.events, []);
  t.regex(stream.lastEventId, /^[0-9a-z]+\.0\./);
  for (const data of [{ text: 'one' }, 'two\nlines\r', null]) await kit.manager.push(session.id, data);
  await stream.until(({ events }) => events.length === 3);
  const at = kit.clock.now();
  t.deepEqual(stream.messages, [
    { offset: 1, at, data: { text: 'one' } },
    { offset: 2, at, data: 'two\nlines\r' },
    { offset: 3, at, data: null },
  ]);
  t.regex(stream.lastEventId, /^[0-9a-z]+\.3\./);
  stream.close();
  await until(() => kit.room.held === 0);
});

onEachAdapter('Last-Event-ID resumes behind the event that the client has, before `after`', {}, async (t, kit) => {
  const session = await kit.logIn();
  for (const data of ['a', 'b', 'c']) await kit.manager.push(session.id, data);
  const first = await open(kit, session.token, { after: '' });
  await first.until(({ events }) => events.length === 3);
  const [a, b] = first.events;
  const resumed = await open(kit, session.token, { after: '' }, { 'last-event-id': b?.id ?? '' });
  await resumed.until(({ events }) => events.length === 1);
  const asked = await open(kit, session.token, { after: a?.id ?? '' });
  await asked.until(({ events }) => events.length === 2);
  t.deepEqual([resumed.data, asked.data], [['c'], ['b', 'c']]);
});

onEachAdapter('a message leaves the mailbox when POST /ack acknowledges it', {}, async (t, kit) => {
  const session = await kit.logIn();
  const undelivered = async () => (await kit.manager.getSession(session.id)).undelivered;
  for (const data of ['a', 'b']) await kit.manager.push(session.id, data);
  const stream = await open(kit, session.token, { reader: 'tab' });
  await stream.until(({ events }) => events.length === 2);
  t.is(await undelivered(), 2);
  const answer = await acknowledge(kit, session.token, 'tab', stream.events[0]?.id ?? '');
  t.deepEqual([answer.status, answer.body], [204, '']);
  t.is(await undelivered(), 1);
  t.is((await acknowledge(kit, session.token, 'tab', 'zzzz.9.9')).status, 204);
  t.is(await undelivered(), 1);
  t.is((await acknowledge(kit, session.token, 'tab', stream.lastEventId)).status, 204);
  t.is(await undelivered(), 0);
});

onEachAdapter('an acknowledgement that is malformed or has no live session is refused', {}, async (t, kit) => {
  const session = await kit.logIn();
  const json = { 'Content-Type': 'application/json' };
  const ask = (path: string, body: string, token: string | undefined) =>
    kit.request(path, { method: 'POST', headers: json, body, ...(token !== undefined && { token }) });
  for (const body of ['{"cursor":1}', '{}', '{"cursor":"x"}', '[]']) {
    const refused = await ask('/ack', body, session.token);
    t.is(refused.status, 400, body);
    t.is(problemIn(refused).code, 'INVALID_ARGUMENT', body);
  }
  t.is((await ask('/ack', '{"cursor"', session.token)).status, 400);
  t.is((await ask('/ack?reader=a%20b', '{"cursor":"a.1.1"}', session.token)).status, 400);
  t.is((await ask('/ack', '{"cursor":"a.1.1"}', undefined)).status, 401);
  t.is((await ask('/ack', '{"cursor":"a.1.1"}', 'x'.repeat(64))).status, 401);
  await session.destroy();
  const closed = await ask('/ack', '{"cursor":"a.1.1"}', session.token);
  t.deepEqual([closed.status, problemIn(closed).code], [401, 'SESSION_CLOSED']);
});

onEachAdapter('a page of another site can neither open a stream nor acknowledge by cookie', {}, async (t, kit) => {
  const session = await kit.logIn();
  const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
  const cookie = `sid=${session.token}`;
  t.is((await kit.request('/events', { cookie, headers })).status, 403);
  const ack = { method: 'POST', cookie, headers: { ...headers, 'Content-Type': 'application/json' } };
  t.is((await kit.request('/ack', { ...ack, body: '{"cursor":"a.1.1"}' })).status, 403);
  t.is(kit.room.held, 0);
});

onEachAdapter(
  'ack=sent removes what was written out, and by cookie needs a browser that says which page it is',
  {},
  async (t, kit) => {
    const session = await kit.logIn();
    await kit.manager.push(session.id, 'a');
    const cookie = `sid=${session.token}`;
    const refused = await kit.request('/events?ack=sent', { cookie });
    t.is(refused.status, 400);
    t.true(isProblem(refused));
    t.is((await kit.request('/events?ack=other', { token: session.token })).status, 400);
    const stream = await EventStream.open(kit.port, '/events?ack=sent', { cookie, 'sec-fetch-site': 'same-origin' });
    await stream.until(({ events }) => events.length === 1);
    await kit.manager.push(session.id, 'b');
    await stream.until(({ events }) => events.length === 2);
    let left = -1;
    await until(() => {
      void kit.manager.getSession(session.id).then(({ undelivered }) => {
        left = undelivered;
      });
      return left === 0;
    });
    t.deepEqual(stream.data, ['a', 'b']);
  },
);

onEachAdapter('a quiet stream gets a heartbeat, which a message postpones', {}, async (t, kit) => {
  const session = await kit.logIn();
  const stream = await open(kit, session.token);
  await kit.clock.advance(25_000);
  await stream.until(({ heartbeats }) => heartbeats === 1);
  await kit.clock.advance(20_000);
  await kit.manager.push(session.id, 'a');
  await kit.clock.advance(20_000);
  await kit.manager.push(session.id, 'b');
  await stream.until(({ events }) => events.length === 2);
  t.is(stream.heartbeats, 1);
});

onEachAdapter('a stream is told why it ends', {}, async (t, kit) => {
  const session = await kit.logIn();
  const older = await open(kit, session.token, { reader: 'tab' });
  const newer = await open(kit, session.token, { reader: 'tab' });
  await older.until(({ hasEnded }) => hasEnded);
  t.like(older.of('closed')[0], { code: 'superseded', reconnect: false });
  const { token } = await kit.manager.rotateToken(session.id);
  await newer.until(({ hasEnded }) => hasEnded);
  t.deepEqual(newer.of('closed'), [closedNotice('rotated')]);
  const last = await open(kit, token, { reader: 'tab' });
  await kit.manager.closeSession(session.id, 'revoked');
  await last.until(({ hasEnded }) => hasEnded);
  t.deepEqual(last.of('closed'), [closedNotice('revoked')]);
  const refused = await kit.request('/events', { token });
  t.is(refused.status, 401);
  t.is(problemIn(refused).closed?.code, 'revoked');
});

onEachAdapter('a drain ends a stream with retry, and the next one at once', {}, async (t, kit) => {
  const session = await kit.logIn();
  const stream = await open(kit, session.token);
  await kit.manager.drain();
  await stream.until(({ hasEnded }) => hasEnded);
  t.true((stream.retry ?? 0) > 0);
  t.deepEqual(stream.of('closed'), []);
  const next = await EventStream.open(kit.port, '/events', { authorization: `Bearer ${session.token}` });
  await next.until(({ hasEnded }) => hasEnded);
  t.is(next.response.statusCode, 200);
  t.true((next.retry ?? 0) > 0);
  t.is(next.lastEventId, '');
});

onEachAdapter(
  'a stream is told what is lost, and that its cursor is of another life',
  {
    context: { msgMaxLength: 2 },
  },
  async (t, kit) => {
    const session = await kit.logIn();
    for (const data of [1, 2, 3]) await kit.manager.push(session.id, data);
    const foreign = await open(kit, session.token, { after: 'zzzz.1.1' });
    await foreign.until(({ events }) => events.length === 4);
    t.deepEqual(
      foreign.events.map(({ type }) => type),
      ['lost', 'reset', 'message', 'message'],
    );
    t.deepEqual([foreign.of('lost'), foreign.of('reset'), foreign.data], [[{ lost: 1 }], [{}], [2, 3]]);
    t.is(foreign.events[1]?.id, '');
    const [epoch] = foreign.lastEventId.split('.');
    const late = await open(kit, session.token, { after: `${epoch}.0.0` });
    await late.until(({ events }) => events.length === 3);
    t.deepEqual([late.events[0]?.type, late.of('lost'), late.data], ['lost', [{ lost: 1 }], [2, 3]]);
  },
);

onEachAdapter('HEAD is refused, and so is a repeated parameter', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  t.is((await kit.request('/events', { method: 'HEAD', token })).status, 400);
  t.is((await kit.request('/events?reader=a&reader=b', { token })).status, 400);
  t.is((await kit.request('/events?after=x', { token })).status, 400);
  t.is(kit.room.held, 0);
});

onEachAdapter(
  'a client that stops reading is cut off at streamMaxBytes, and its messages stay',
  {
    context: { streamMaxBytes: 100_000, msgMaxLength: 1_000, mailboxMaxBytes: 64_000_000 },
  },
  async (t, kit) => {
    const session = await kit.logIn();
    const stream = await open(kit, session.token, { reader: 'tab' });
    stream.response.pause();
    const text = 'x'.repeat(60_000);
    let pushed = 0;
    // The operating system takes some megabytes before the server has to keep any.
    while (kit.room.held > 0) {
      await kit.manager.push(session.id, text);
      pushed += 1;
      if (pushed % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (pushed > 900) break;
    }
    t.is(kit.room.held, 0);
    t.is((await kit.manager.getSession(session.id)).undelivered, pushed);
    stream.response.resume();
    await stream.until(({ hasEnded }) => hasEnded);
    const again = await open(kit, session.token, { reader: 'tab' }, { 'last-event-id': stream.lastEventId });
    await again.until(({ events }) => events.length > 0);
    t.is(again.messages[0]?.offset, (stream.messages.at(-1)?.offset ?? 0) + 1);
    again.close();
  },
);
