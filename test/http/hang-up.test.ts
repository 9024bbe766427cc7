import { once } from 'node:events';
import { eventually } from '../support/eventually.js';
import { onEachAdapter, turns, until } from '../support/http-kit.js';
import { lateHeader } from '../support/http-servers.js';

/** Far more data than the buffers between two sockets of one machine hold. */
const huge = 'x'.repeat(4_000_000);
const roomy = { msgMaxBytes: 8_000_000, mailboxMaxBytes: 64_000_000 };

/** The reason why a test does not apply to fetch servers, on which such polls end after `pollTime`. */
const queuedRequests = 'the server aborts no request that waits for its turn on a connection';

onEachAdapter('the held poll of a client that disconnects is released, and no message is lost', {}, async (t, kit) => {
  const session = await kit.logIn();
  for (const after of ['', undefined]) {
    const held = await kit.hold(session.token, after === undefined ? {} : { after });
    await held.connection.close();
    await until(() => kit.room.held === 0);
  }
  await kit.manager.push(session.id, 'not lost');
  t.deepEqual(
    (await kit.poll(session.token)).messages.map(({ data }) => data),
    ['not lost'],
  );
});

onEachAdapter('the held poll of a client that resets or half-closes its connection is released', {}, async (t, kit) => {
  const session = await kit.logIn();
  const resetting = await kit.hold(session.token, { after: '' });
  resetting.connection.reset();
  await until(() => kit.room.held === 0);
  const ending = await kit.hold(session.token, { after: '' });
  ending.connection.end();
  await until(() => kit.room.held === 0);
  t.pass();
});

onEachAdapter('a client that disconnects before its request was read leaves no held poll', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'stays');
  const connection = await kit.open();
  connection.send('/poll', { token: session.token }).reset();
  await connection.closed();
  await kit.poll((await kit.logIn('bob')).token);
  t.is(kit.room.held, 0);
  t.is((await kit.manager.getSession(session.id)).undelivered <= 1, true);
});

onEachAdapter(
  'a poll or stream whose client disconnects before its handler runs does not supersede the newer poll',
  { notInLane: 'the lane starts a poll as soon as it has read it' },
  async (t, kit) => {
    for (const path of ['/poll?after=', '/events?after=']) {
      const session = await kit.logIn(path);
      const late = await kit.open();
      const arrived = once(kit.server.node, 'request');
      late.send(path, { token: session.token, headers: { [lateHeader]: '1' } });
      await arrived;
      const newer = await kit.hold(session.token, { after: '' });
      await late.close();
      await eventually(async () => (await kit.connectionCount()) === 1);
      await turns();
      await kit.manager.push(session.id, path);
      const { messages, superseded } = await newer.batch();
      t.deepEqual([messages.map(({ data }) => data), superseded], [[path], undefined]);
      await newer.connection.close();
    }
  },
);

onEachAdapter('a drained message leaves the mailbox once it has been written out', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'once');
  t.is((await kit.poll(session.token)).messages.length, 1);
  t.is((await kit.poll(session.token)).messages.length, 0);
  t.is((await kit.manager.getSession(session.id)).undelivered, 0);
});

onEachAdapter('a drain whose connection closes afterwards still removes its messages', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'once');
  const response = await kit.request('/poll', { token: session.token, headers: { Connection: 'close' } });
  t.is(JSON.parse(response.body).messages.length, 1);
  t.is((await kit.poll(session.token)).messages.length, 0);
});

onEachAdapter('a held drain returns the message that wakes it, and removes it', {}, async (t, kit) => {
  const session = await kit.logIn();
  const held = await kit.hold(session.token);
  await kit.manager.push(session.id, 'woken');
  t.is((await held.batch()).messages.length, 1);
  t.is((await kit.poll(session.token)).messages.length, 0);
});

onEachAdapter(
  'a drain whose client disconnects in the middle of the response keeps its messages',
  { context: roomy },
  async (t, kit) => {
    const session = await kit.logIn();
    for (let count = 0; count < 3; count += 1) await kit.manager.push(session.id, huge);
    const connection = await kit.open();
    connection.stopReading();
    connection.send('/poll', { token: session.token });
    await until(() => kit.isSending());
    connection.reset();
    await connection.closed();
    await until(() => !kit.isSending());
    t.is((await kit.manager.getSession(session.id)).undelivered, 3);
    t.is((await kit.poll(session.token)).messages.length, 3);
  },
);

onEachAdapter(
  'a drain of a client that reads slowly removes messages only after the client has read them',
  { context: roomy },
  async (t, kit) => {
    const session = await kit.logIn();
    await kit.manager.push(session.id, huge);
    await kit.manager.push(session.id, huge);
    const connection = await kit.open();
    connection.stopReading();
    connection.send('/poll', { token: session.token });
    await until(() => kit.isSending());
    t.is((await kit.manager.getSession(session.id)).undelivered, 2);
    connection.resumeReading();
    const batch = JSON.parse((await connection.response()).body);
    t.is(batch.messages.length, 2);
    await until(() => !kit.isSending());
    t.is((await kit.manager.getSession(session.id)).undelivered, 0);
  },
);

onEachAdapter(
  'the pipelined polls of a client that disconnects are released too',
  { notOnFetch: queuedRequests },
  async (t, kit) => {
    const session = await kit.logIn();
    const connection = await kit.open();
    for (const reader of ['a', 'b', 'c']) connection.send(`/poll?after=&reader=${reader}`, { token: session.token });
    await until(() => kit.room.held === 3);
    await connection.close();
    await until(() => kit.room.held === 0);
    t.is(kit.room.held, 0);
  },
);

onEachAdapter('pipelined polls are answered in order', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'a');
  const connection = await kit.open();
  connection.send('/poll?after=&reader=first', { token: session.token });
  connection.send('/poll?after=&reader=second&limit=0', { token: session.token });
  connection.send('/poll?after=&reader=third', { token: session.token });
  t.is((await connection.response()).status, 200);
  t.is((await connection.response()).status, 400);
  t.is((await connection.response()).status, 200);
});

onEachAdapter('a connection serves one held poll after another', {}, async (t, kit) => {
  const session = await kit.logIn();
  const connection = await kit.open();
  let after = '';
  for (let round = 1; round <= 5; round += 1) {
    connection.send(`/poll?after=${after}`, { token: session.token });
    await until(() => kit.room.held === 1);
    await kit.manager.push(session.id, round);
    const batch = JSON.parse((await connection.response()).body);
    t.like(batch, { messages: [{ offset: round, data: round }], lost: 0 });
    after = batch.cursor;
  }
  t.is(await kit.connectionCount(), 1);
});

onEachAdapter('polls on one connection leave no listeners on its socket', {}, async (t, kit) => {
  const session = await kit.logIn();
  const warnings: Error[] = [];
  // Ignore warnings of other kinds, which other tests of this process may cause.
  const onWarning = (warning: Error) => {
    if (warning.name === 'MaxListenersExceededWarning') warnings.push(warning);
  };
  process.on('warning', onWarning);
  const connection = await kit.open();
  for (let round = 0; round < 30; round += 1) connection.send('/poll?after=&wait=0', { token: session.token });
  for (let round = 0; round < 30; round += 1) t.is((await connection.response()).status, 200);
  process.off('warning', onWarning);
  t.deepEqual(warnings, []);
});
