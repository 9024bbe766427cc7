import { onEachAdapter } from '../support/http-kit.js';

onEachAdapter('a poll that finds messages is answered at once, with all of them in order', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, { text: 'one' });
  await kit.clock.advance(1_000);
  await kit.manager.push(session.id, 'two');
  const batch = await kit.poll(session.token, { after: '', wait: '25000' });
  const now = kit.clock.now();
  t.deepEqual(batch.messages, [
    { offset: 1, at: now - 1_000, data: { text: 'one' } },
    { offset: 2, at: now, data: 'two' },
  ]);
  t.regex(batch.cursor, /^[0-9a-z]+\.2\.[0-9a-z]+$/);
  t.deepEqual(Object.keys(batch), ['messages', 'cursor', 'lost']);
  t.is(batch.lost, 0);
  t.is(kit.room.held, 0);
});

onEachAdapter('a push wakes the held poll at once', {}, async (t, kit) => {
  const session = await kit.logIn();
  const held = await kit.hold(session.token, { after: '' });
  await kit.manager.push(session.id, { text: 'hi' });
  const batch = await held.batch();
  t.deepEqual(batch.messages, [{ offset: 1, at: kit.clock.now(), data: { text: 'hi' } }]);
  t.is(kit.room.held, 0);
  t.is((await kit.poll(session.token, { after: batch.cursor })).messages.length, 0);
});

onEachAdapter('a quiet hold ends after `wait` as an empty batch with the same cursor', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 1);
  const { cursor } = await kit.poll(session.token, { after: '' });
  const held = await kit.hold(session.token, { after: cursor, wait: '7000' });
  await kit.clock.advance(6_999);
  t.is(kit.room.held, 1, 'one millisecond before its time it is still held');
  await kit.clock.advance(1);
  t.deepEqual(await held.batch(), { messages: [], cursor, lost: 0 });
  t.is(kit.room.held, 0);
});

onEachAdapter(
  'a hold lasts no longer than pollTime, whatever `wait` asks',
  { context: { pollTime: 3_000 } },
  async (t, kit) => {
    const session = await kit.logIn();
    const asking = await kit.hold(session.token, { after: '', wait: '999999999999999', reader: 'asks' });
    const silent = await kit.hold(session.token, { after: '', reader: 'says-nothing' });
    await kit.clock.advance(3_000);
    t.is((await asking.batch()).messages.length, 0);
    t.is((await silent.batch()).messages.length, 0);
  },
);

onEachAdapter('wait=0 is answered at once, even without messages', {}, async (t, kit) => {
  const session = await kit.logIn();
  const batch = await kit.poll(session.token, { after: '', wait: '0' });
  t.deepEqual(batch, { messages: [], cursor: batch.cursor, lost: 0 });
});

onEachAdapter('`limit` cuts a batch, and its cursor continues from the cut', {}, async (t, kit) => {
  const session = await kit.logIn();
  for (const data of ['a', 'b', 'c']) await kit.manager.push(session.id, data);
  const first = await kit.poll(session.token, { after: '', limit: '2' });
  t.deepEqual(
    first.messages.map(({ data }) => data),
    ['a', 'b'],
  );
  const second = await kit.poll(session.token, { after: first.cursor, limit: '2' });
  t.deepEqual(
    second.messages.map(({ data }) => data),
    ['c'],
  );
  t.is(second.lost, 0);
});

onEachAdapter('a cursor sent again gives the same messages again, until a newer one is sent', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'a');
  const start = await kit.poll(session.token, { after: '' });
  const again = await kit.poll(session.token, { after: '' });
  t.deepEqual(again, start);
  const later = await kit.poll(session.token, { after: start.cursor });
  t.deepEqual(later.messages, []);
  t.is((await kit.manager.getSession(session.id)).undelivered, 0);
});

onEachAdapter('a cursor of another epoch gets all retained messages and `reset`', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'a');
  const { cursor } = await kit.poll(session.token, { after: '' });
  for (const after of ['zzzzzz.1', `${cursor.split('.')[0]}.999`]) {
    const batch = await kit.poll(session.token, { after, wait: '25000' });
    t.is(batch.reset, true, after);
    t.deepEqual(
      batch.messages.map(({ data }) => data),
      ['a'],
    );
    t.is(batch.cursor, cursor);
  }
});

onEachAdapter('`lost` counts what the bounds dropped', { context: { msgMaxLength: 2 } }, async (t, kit) => {
  const session = await kit.logIn();
  for (const data of [1, 2, 3, 4, 5]) await kit.manager.push(session.id, data);
  const batch = await kit.poll(session.token, { after: '' });
  t.is(batch.lost, 3);
  t.deepEqual(
    batch.messages.map(({ offset }) => offset),
    [4, 5],
  );
});

onEachAdapter(
  'a held poll is answered at once when a message is dropped on arrival',
  { context: { msgMaxLength: 1, onOverflow: 'drop-newest' } },
  async (t, kit) => {
    const session = await kit.logIn();
    await kit.poll(session.token, { after: '', reader: 'slow' });
    await kit.manager.push(session.id, 'kept for the slow one');
    const { cursor } = await kit.poll(session.token, { after: '', reader: 'quick' });
    const held = await kit.hold(session.token, { after: cursor, reader: 'quick' });
    await kit.manager.push(session.id, 'dropped');
    const batch = await held.batch();
    t.is(batch.lost, 1);
    t.deepEqual(batch.messages, []);
  },
);

onEachAdapter('a newer poll of the same reader ends the older with 200 and `superseded`', {}, async (t, kit) => {
  const session = await kit.logIn();
  const older = await kit.hold(session.token, { after: '' });
  const connection = await kit.open();
  connection.send('/poll?after=', { token: session.token });
  const batch = await older.batch();
  t.is(batch.superseded, true);
  t.deepEqual(batch.messages, []);
  t.is(kit.room.held, 1);
  await kit.manager.push(session.id, 'for the newer');
  const response = await connection.response();
  t.is(response.status, 200);
  t.like(JSON.parse(response.body), { messages: [{ offset: 1 }] });
});

onEachAdapter('different readers of a session wait side by side, and all receive', {}, async (t, kit) => {
  const session = await kit.logIn();
  const tabs = [];
  for (const reader of ['a', 'b', 'c']) tabs.push(await kit.hold(session.token, { after: '', reader }));
  t.is(kit.room.held, 3);
  await kit.manager.push(session.id, 'all');
  for (const tab of tabs)
    t.deepEqual(
      (await tab.batch()).messages.map(({ data }) => data),
      ['all'],
    );
  t.is(kit.room.held, 0);
});

onEachAdapter('each session of an account receives what is pushed to the account', {}, async (t, kit) => {
  const [phone, desk] = [await kit.logIn(), await kit.logIn()];
  const held = [await kit.hold(phone.token, { after: '' }), await kit.hold(desk.token, { after: '' })];
  const other = await kit.hold((await kit.logIn('bob')).token, { after: '' });
  await kit.manager.pushToAccount('alice', 'hi');
  for (const poll of held) t.is((await poll.batch()).messages[0]?.data, 'hi');
  t.is(kit.room.held, 1, 'the other account hears nothing');
  await kit.manager.pushToApp('everyone');
  t.is((await other.batch()).messages[0]?.data, 'everyone');
});

onEachAdapter(
  'past maxWaiter a poll is answered at once, with `retry`, and with messages if there are any',
  { context: { maxWaiter: 1 } },
  async (t, kit) => {
    const session = await kit.logIn();
    await kit.hold(session.token, { after: '', reader: 'held' });
    const turnedAway = await kit.poll(session.token, { after: '', reader: 'other', wait: '25000' });
    t.true(Number.isInteger(turnedAway.retry) && (turnedAway.retry ?? 0) > 0);
    t.is(kit.room.held, 1);
    const bob = await kit.logIn('bob');
    await kit.manager.push(bob.id, 'ready');
    const ready = await kit.poll(bob.token, { after: '', wait: '25000' });
    t.is(ready.messages.length, 1);
    t.false('retry' in ready);
  },
);

onEachAdapter(
  'one reader too many ends the wait of the reader silent longest',
  { context: { maxReader: 2 } },
  async (t, kit) => {
    const session = await kit.logIn();
    const first = await kit.hold(session.token, { after: '', reader: 'first' });
    await kit.clock.advance(1);
    await kit.hold(session.token, { after: '', reader: 'second' });
    const third = (await kit.open()).send('/poll?after=&reader=third', { token: session.token });
    t.is((await first.batch()).superseded, true);
    await kit.manager.push(session.id, 'for those left');
    t.is((await third.response()).status, 200);
    t.is(kit.room.held, 0);
  },
);
