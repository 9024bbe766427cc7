import { closedNotice } from '../../src/errors/close-reason.js';
import { until } from '../support/http-kit.js';
import { middlewareHeader } from '../support/http-servers.js';
import { cookieOf, HeldPoll, isProblem, onEachFront, problemIn } from './stage.js';

onEachFront('a poll that finds messages is answered at once, with all of them in order', {}, async (t, stage) => {
  const session = await stage.logIn();
  await stage.manager.push(session.id, { text: 'one' });
  await stage.clock.advance(1_000);
  await stage.manager.push(session.id, 'two');
  const batch = await stage.poll(session.token, { after: '', wait: '25000' });
  const now = stage.clock.now();
  t.deepEqual(batch.messages, [
    { offset: 1, at: now - 1_000, data: { text: 'one' } },
    { offset: 2, at: now, data: 'two' },
  ]);
  t.regex(batch.cursor, /^[0-9a-z]+\.2\.[0-9a-z]+$/);
  t.deepEqual(Object.keys(batch), ['messages', 'cursor', 'lost']);
  t.is(batch.lost, 0);
  t.is(stage.room.held, 0);
});

onEachFront('a push wakes the held poll at once', {}, async (t, stage) => {
  const session = await stage.logIn();
  const held = await stage.hold(session.token, { after: '' });
  await stage.manager.push(session.id, { text: 'hi' });
  const batch = await held.batch();
  t.deepEqual(batch.messages, [{ offset: 1, at: stage.clock.now(), data: { text: 'hi' } }]);
  t.is(stage.room.held, 0);
  t.is((await stage.poll(session.token, { after: batch.cursor })).messages.length, 0);
});

onEachFront(
  'a held poll without messages ends after `wait` with an empty batch and the same cursor',
  {},
  async (t, stage) => {
    const session = await stage.logIn();
    await stage.manager.push(session.id, 1);
    const { cursor } = await stage.poll(session.token, { after: '' });
    const held = await stage.hold(session.token, { after: cursor, wait: '7000' });
    await stage.clock.advance(6_999);
    t.is(stage.room.held, 1, 'one millisecond before its time it is still held');
    await stage.clock.advance(1);
    t.deepEqual(await held.batch(), { messages: [], cursor, lost: 0 });
    t.is(stage.room.held, 0);
  },
);

onEachFront(
  'a poll is held no longer than pollTime, whatever `wait` says',
  { context: { pollTime: 3_000 } },
  async (t, stage) => {
    const session = await stage.logIn();
    const asking = await stage.hold(session.token, { after: '', wait: '999999999999999', reader: 'asks' });
    const silent = await stage.hold(session.token, { after: '', reader: 'says-nothing' });
    await stage.clock.advance(3_000);
    t.is((await asking.batch()).messages.length, 0);
    t.is((await silent.batch()).messages.length, 0);
  },
);

onEachFront('wait=0 is answered at once, even without messages', {}, async (t, stage) => {
  const session = await stage.logIn();
  const batch = await stage.poll(session.token, { after: '', wait: '0' });
  t.deepEqual(batch, { messages: [], cursor: batch.cursor, lost: 0 });
});

onEachFront('`limit` cuts a batch, and its cursor continues from the cut', {}, async (t, stage) => {
  const session = await stage.logIn();
  for (const data of ['a', 'b', 'c']) await stage.manager.push(session.id, data);
  const first = await stage.poll(session.token, { after: '', limit: '2' });
  t.deepEqual(
    first.messages.map(({ data }) => data),
    ['a', 'b'],
  );
  const second = await stage.poll(session.token, { after: first.cursor, limit: '2' });
  t.deepEqual(
    second.messages.map(({ data }) => data),
    ['c'],
  );
  t.is(second.lost, 0);
});

onEachFront(
  'a cursor sent again returns the same messages again, until a newer cursor is sent',
  {},
  async (t, stage) => {
    const session = await stage.logIn();
    await stage.manager.push(session.id, 'a');
    const start = await stage.poll(session.token, { after: '' });
    const again = await stage.poll(session.token, { after: '' });
    t.deepEqual(again, start);
    const later = await stage.poll(session.token, { after: start.cursor });
    t.deepEqual(later.messages, []);
    t.is(await stage.undelivered(session.id), 0);
  },
);

onEachFront('a cursor of another epoch gets all retained messages and `reset`', {}, async (t, stage) => {
  const session = await stage.logIn();
  await stage.manager.push(session.id, 'a');
  const { cursor } = await stage.poll(session.token, { after: '' });
  for (const after of ['zzzzzz.1', `${cursor.split('.')[0]}.999`]) {
    const batch = await stage.poll(session.token, { after, wait: '25000' });
    t.is(batch.reset, true, after);
    t.deepEqual(
      batch.messages.map(({ data }) => data),
      ['a'],
    );
    t.is(batch.cursor, cursor);
  }
});

onEachFront('`lost` counts what the bounds dropped', { context: { msgMaxLength: 2 } }, async (t, stage) => {
  const session = await stage.logIn();
  for (const data of [1, 2, 3, 4, 5]) await stage.manager.push(session.id, data);
  const batch = await stage.poll(session.token, { after: '' });
  t.is(batch.lost, 3);
  t.deepEqual(
    batch.messages.map(({ offset }) => offset),
    [4, 5],
  );
});

onEachFront(
  'a held poll is answered at once when a message is dropped on arrival',
  { context: { msgMaxLength: 1, onOverflow: 'drop-newest' } },
  async (t, stage) => {
    const session = await stage.logIn();
    await stage.poll(session.token, { after: '', reader: 'slow' });
    await stage.manager.push(session.id, 'kept for the slow one');
    const { cursor } = await stage.poll(session.token, { after: '', reader: 'quick' });
    const held = await stage.hold(session.token, { after: cursor, reader: 'quick' });
    await stage.manager.push(session.id, 'dropped');
    const batch = await held.batch();
    t.is(batch.lost, 1);
    t.deepEqual(batch.messages, []);
  },
);

onEachFront('a newer poll of the same reader ends the older poll with 200 and `superseded`', {}, async (t, stage) => {
  const session = await stage.logIn();
  const older = await stage.hold(session.token, { after: '' });
  const newer = stage.send('/poll?after=', { token: session.token });
  const batch = await older.batch();
  t.is(batch.superseded, true);
  t.deepEqual(batch.messages, []);
  t.is(stage.room.held, 1);
  await stage.manager.push(session.id, 'for the newer');
  t.like(await new HeldPoll(newer).batch(), { messages: [{ offset: 1 }] });
});

onEachFront(
  'polls of different readers of a session are held at the same time, and all receive messages',
  {},
  async (t, stage) => {
    const session = await stage.logIn();
    const tabs = [];
    for (const reader of ['a', 'b', 'c']) tabs.push(await stage.hold(session.token, { after: '', reader }));
    t.is(stage.room.held, 3);
    await stage.manager.push(session.id, 'all');
    for (const tab of tabs)
      t.deepEqual(
        (await tab.batch()).messages.map(({ data }) => data),
        ['all'],
      );
    t.is(stage.room.held, 0);
  },
);

onEachFront('each session of an account receives a push to the account', {}, async (t, stage) => {
  const [phone, desk] = [await stage.logIn(), await stage.logIn()];
  const held = [await stage.hold(phone.token, { after: '' }), await stage.hold(desk.token, { after: '' })];
  const other = await stage.hold((await stage.logIn('bob')).token, { after: '' });
  await stage.manager.pushToAccount('alice', 'hi');
  for (const poll of held) t.is((await poll.batch()).messages[0]?.data, 'hi');
  t.is(stage.room.held, 1, 'the other account hears nothing');
  await stage.manager.pushToApp('everyone');
  t.is((await other.batch()).messages[0]?.data, 'everyone');
});

onEachFront(
  'beyond maxWaiter a poll is answered immediately, with its messages or, if there are none, with `retry`',
  { context: { maxWaiter: 1 } },
  async (t, stage) => {
    const session = await stage.logIn();
    await stage.hold(session.token, { after: '', reader: 'held' });
    const turnedAway = await stage.poll(session.token, { after: '', reader: 'other', wait: '25000' });
    t.true(Number.isInteger(turnedAway.retry) && (turnedAway.retry ?? 0) > 0);
    t.is(stage.room.held, 1);
    const bob = await stage.logIn('bob');
    await stage.manager.push(bob.id, 'ready');
    const ready = await stage.poll(bob.token, { after: '', wait: '25000' });
    t.is(ready.messages.length, 1);
    t.false('retry' in ready);
  },
);

onEachFront(
  'a reader beyond maxReader ends the held poll of the reader that was silent longest',
  { context: { maxReader: 2 } },
  async (t, stage) => {
    const session = await stage.logIn();
    const first = await stage.hold(session.token, { after: '', reader: 'first' });
    await stage.clock.advance(1);
    await stage.hold(session.token, { after: '', reader: 'second' });
    const third = new HeldPoll(stage.send('/poll?after=&reader=third', { token: session.token }));
    t.is((await first.batch()).superseded, true);
    await stage.manager.push(session.id, 'for those left');
    t.is((await third.answer()).status, 200);
    t.is(stage.room.held, 0);
  },
);

onEachFront('a poll without a cursor returns each message once', {}, async (t, stage) => {
  const session = await stage.logIn();
  await stage.manager.push(session.id, 'once');
  const first = await stage.request('/poll?wait=0', { token: session.token });
  t.like(first.headers, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  t.is(first.headers[middlewareHeader.name], middlewareHeader.value);
  t.like(JSON.parse(first.body), { messages: [{ data: 'once' }] });
  const held = await stage.hold(session.token);
  await stage.manager.push(session.id, 'woken');
  t.like(await held.batch(), { messages: [{ data: 'woken' }] });
  t.deepEqual((await stage.poll(session.token)).messages, []);
  t.is(await stage.undelivered(session.id), 0);
});

onEachFront('a held poll is released when its client disconnects, and no message is lost', {}, async (t, stage) => {
  const session = await stage.logIn();
  for (const query of [{}, { after: '' }]) {
    const held = await stage.hold(session.token, query);
    held.cancel();
    await until(() => stage.room.held === 0);
  }
  await stage.manager.push(session.id, 'kept');
  t.like(await stage.poll(session.token), { messages: [{ data: 'kept' }] });
});

onEachFront(
  'when a session ends, its held poll is answered with the reason, and the next poll is 401',
  {},
  async (t, stage) => {
    const session = await stage.logIn();
    const held = await stage.hold(session.token, { after: '' });
    await stage.manager.closeSession(session.id, 'revoked');
    t.deepEqual((await held.batch()).closed, closedNotice('revoked'));
    const next = await stage.request('/poll?after=', { token: session.token });
    t.is(next.status, 401);
    t.true(isProblem(next));
    t.is(next.headers[middlewareHeader.name], middlewareHeader.value);
  },
);

onEachFront('a poll that is malformed, without a session or from another site is refused', {}, async (t, stage) => {
  const login = await stage.logIn();
  const { token } = login;
  const cookie = cookieOf(login);
  t.is((await stage.request('/poll?after=')).status, 401);
  for (const query of ['wait=x', 'limit=0', 'after=x', 'after=1&after=2', 'reader=%20']) {
    const refused = await stage.request(`/poll?${query}`, { token });
    t.is(refused.status, 400, query);
    t.is(problemIn(refused).code, 'INVALID_ARGUMENT', query);
    t.true(isProblem(refused));
  }
  t.is((await stage.request('/poll', { method: 'HEAD', token })).status, 400);
  const crossSite = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
  t.is((await stage.request('/poll?after=&wait=0', { headers: crossSite })).status, 403);
  t.is((await stage.request('/poll?wait=0', { headers: { cookie } })).status, 400, 'no page, and no cursor');
  t.is((await stage.request('/poll?wait=0&after=', { headers: { cookie } })).status, 200);
  t.is(stage.room.held, 0);
});
