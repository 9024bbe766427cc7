import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { SessionContext } from '../../src/index.js';
import { SessionEngine } from '../../src/store/engine/session-engine.js';
import { MemoryNotices } from '../../src/stores/memory/memory-notices.js';
import { MemoryTables } from '../../src/stores/memory/memory-tables.js';
import { onAdapter, onEachAdapter, until } from '../support/http-kit.js';
import { refusalOf, startService } from '../support/http-service.js';

test('mailbox flooding by count: a mailbox keeps msgMaxLength messages and reports how many were lost', async (t) => {
  const { container, manager } = await startService({ msgMaxLength: 10 });
  const { id } = await manager.createSession('alice');
  for (let count = 0; count < 1_000; count += 1) await manager.push(id, count);
  t.is((await manager.getSession(id)).undelivered, 10);
  const { messages, lost } = await manager.poll(id, { after: '', wait: 0 });
  t.deepEqual([messages.length, lost], [10, 990]);
  await container.unbindAllAsync();
});

test('mailbox flooding by bytes: mailboxMaxBytes holds, counted in UTF-8', async (t) => {
  const { container, manager } = await startService({ msgMaxLength: 1_000, msgMaxBytes: 400, mailboxMaxBytes: 1_000 });
  const { id } = await manager.createSession('alice');
  for (let count = 0; count < 50; count += 1) await manager.push(id, '☃'.repeat(100));
  t.is((await manager.getSession(id)).undelivered, 3, 'three of 302 bytes each');
  t.is(await refusalOf(() => manager.push(id, '☃'.repeat(133))), 'MESSAGE_TOO_LARGE');
  t.is(await refusalOf(() => manager.pushToApp('x'.repeat(399))), 'MESSAGE_TOO_LARGE');
  t.is((await manager.getSession(id)).undelivered, 3);
  await container.unbindAllAsync();
});

test('mailbox flooding by keys: repeated replacement keeps one message and counts none as lost', async (t) => {
  const { container, manager } = await startService({ msgMaxLength: 5 });
  const { id } = await manager.createSession('alice');
  await manager.poll(id, { after: '', wait: 0 });
  for (let count = 0; count < 5_000; count += 1) await manager.push(id, count, { key: `k${count % 3}` });
  const { messages, lost } = await manager.poll(id, { after: '', wait: 0 });
  t.deepEqual([messages.length, lost], [3, 0]);
  await container.unbindAllAsync();
});

onEachAdapter(
  'reader flooding: a mailbox keeps maxReader readers, no matter how many names are used',
  { context: { maxReader: 4 }, notOnFetch: 'the server aborts no request that waits for its turn on a connection' },
  async (t, kit) => {
    const session = await kit.logIn();
    const connection = await kit.open();
    for (let count = 0; count < 60; count += 1)
      connection.send(`/poll?after=&reader=r${count}`, { token: session.token });
    await until(() => kit.room.held === 4);
    await settle();
    t.is(kit.room.held, 4);
    await connection.close();
    await until(() => kit.room.held === 0);
    await kit.manager.push(session.id, 'works on');
    t.is((await kit.poll(session.token, { after: '' })).messages.length, 1);
  },
);

onEachAdapter(
  'answer flooding: large answers that a client has not read count for maxPoll until they are written out',
  { context: { maxPoll: 3, maxReader: 3 }, notOnFetch: 'a Response does not tell when it was written out' },
  async (t, kit) => {
    const { id, token } = await kit.logIn();
    await kit.poll(token, { after: '', reader: 'b' });
    for (const data of ['x', 'y']) await kit.manager.push(id, data.repeat(10_000));
    const { cursor } = await kit.poll(token, { after: '', reader: 'a' });
    const busy = await kit.hold(token, { after: cursor, reader: 'a' });
    for (const reader of ['b', 'b']) busy.connection.send(`/poll?after=&reader=${reader}`, { token });
    const ask = () => kit.poll(token, { after: '', reader: 'c' });
    // The server may not have read the two polls yet.
    let turnedAway = await ask();
    for (let tries = 0; turnedAway.retry === undefined && tries < 200; tries += 1) turnedAway = await ask();
    t.true((turnedAway.retry ?? 0) > 0);
    t.is(turnedAway.messages.length, 0);
    await kit.manager.push(id, 'z');
    for (let count = 0; count < 3; count += 1) t.is((await busy.connection.response()).status, 200);
    let served = await ask();
    while (served.retry !== undefined) served = await ask();
    t.is(served.messages.length, 3);
  },
);

onEachAdapter(
  'waiter flooding: beyond maxWaiter, polls are answered immediately with retry',
  { context: { maxWaiter: 20, maxSession: 0 } },
  async (t, kit) => {
    const connections = [];
    for (let count = 0; count < 50; count += 1) {
      const { token } = await kit.logIn();
      connections.push((await kit.open()).send('/poll?after=', { token }));
    }
    const { token } = await kit.logIn();
    t.true(((await kit.poll(token, { after: '', wait: '25000' })).retry ?? 0) > 0);
    t.is(kit.room.held, 20);
    for (const connection of connections) await connection.close();
    await until(() => kit.room.held === 0);
    const held = await kit.hold(token, { after: '' });
    await kit.manager.pushToAccount('alice', 'room again');
    t.is((await held.batch()).messages.length, 1);
  },
);

onEachAdapter(
  'clients that never read: their polls end, their memory is freed, and other clients are served in the meantime',
  { context: { msgMaxBytes: 4_000_000, mailboxMaxBytes: 8_000_000, maxSession: 0 } },
  async (t, kit) => {
    const victims = [];
    for (let count = 0; count < 4; count += 1) {
      const session = await kit.logIn('lazy');
      const held = await kit.hold(session.token, { after: '' });
      held.connection.stopReading();
      victims.push({ session, held });
    }
    await kit.manager.pushToAccount('lazy', 'x'.repeat(3_900_000));
    t.is(kit.room.held, 0, 'a response being written holds no waiter');
    const other = await kit.logIn('busy');
    await kit.manager.push(other.id, 'quick');
    t.is((await kit.poll(other.token, { after: '' })).messages.length, 1);
    for (const { held } of victims) held.connection.reset();
    await until(() => !kit.isSending());
    for (const { session } of victims) t.is((await kit.manager.getSession(session.id)).undelivered, 1);
  },
);

onEachAdapter(
  'half a request: connections that never finish their request hold no waiter and delay no other connection',
  {},
  async (t, kit) => {
    const { token } = await kit.logIn();
    for (let count = 0; count < 20; count += 1) {
      (await kit.open()).sendRaw(
        `GET /poll?after= HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token.slice(0, count)}`,
      );
    }
    t.is((await kit.request('/poll?wait=0', { token })).status, 200);
    t.is(kit.room.held, 0);
  },
);

test('app names flooding memory: apps without sessions are removed by the next sweep', async (t) => {
  const tables = new MemoryTables();
  const context = new SessionContext({ tombstoneTime: 1_000 });
  const engine = new SessionEngine({ context, tables, notices: new MemoryNotices(), node: undefined });
  for (let count = 0; count < 2_000; count += 1) {
    const app = `app${count}`;
    const id = String(count).padStart(24, '0');
    t.throws(() => engine.get(app, id, 0), { code: 'SESSION_UNKNOWN' });
    if (count % 10 !== 0) continue;
    const session = { app, id, accountId: 'alice', secretHash: 'h', ip: '', userAgent: '', attributes: {} };
    engine.insert({ ...session, ttl: 100, maxAge: 0, maxSession: 0 }, 0);
  }
  t.is([...tables.apps].length, 200, 'a look-up creates no app');
  while (engine.sweep(50, 100).more);
  t.is([...tables.apps].length, 200, 'apps that keep a close reason');
  while (engine.sweep(50, 1_100).more);
  t.is([...tables.apps].length, 0);
});

test('lifetimes flooding the lists: sessions with many different ttl values each expire in time', async (t) => {
  const { container, manager, clock } = await startService({ maxSession: 0, tombstoneTime: 1_000 });
  let closed = 0;
  manager.on('closed', () => {
    closed += 1;
  });
  for (let count = 1; count <= 3_000; count += 1) {
    await manager.createSession('alice', { ttl: count, maxAge: 100_000 + count });
  }
  await clock.advance(10_000);
  // The sweep takes one turn for each slice.
  while (closed < 3_000) await settle();
  t.is(closed, 3_000);
  t.is((await manager.sessionsOfAccount('alice')).length, 0);
  await container.unbindAllAsync();
});

test('huge broadcast: it does not block the event loop', async (t) => {
  const { container, manager } = await startService({ maxSession: 0 });
  for (let count = 0; count < 20_000; count += 1) await manager.createSession(`account${count}`);
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  const report = await manager.pushToApp('everyone');
  isDone = true;
  t.is(report.accepted, 20_000);
  t.true(turns >= 20, `others had ${turns} turns`);
  await container.unbindAllAsync();
});

test('concurrent logins for the last place: exactly maxSession are admitted', async (t) => {
  const { container, manager } = await startService({ maxSession: 3 });
  const attempts = Array.from({ length: 2_000 }, () => refusalOf(() => manager.createSession('alice')));
  const results = await Promise.all(attempts);
  t.is(results.filter((result) => result === 'not refused').length, 3);
  t.is(results.filter((result) => result === 'SESSION_LIMIT').length, 1_997);
  await container.unbindAllAsync();
});

onAdapter(
  'fastify',
  'a burst of polls on one session: one is held, the others are superseded, none fails',
  {},
  async (t, kit) => {
    const { token } = await kit.logIn();
    const connections = [];
    for (let count = 0; count < 50; count += 1) connections.push(await kit.open());
    for (const connection of connections) connection.send('/poll?after=', { token });
    let answered = 0;
    const pending = connections.map(async (connection) => {
      const response = await connection.response();
      answered += 1;
      return response;
    });
    await until(() => answered === 49);
    t.is(kit.room.held, 1);
    await kit.manager.pushToAccount('alice', 'one');
    const responses = await Promise.all(pending);
    t.true(responses.every(({ status }) => status === 200));
    const bodies = responses.map(({ body }) => JSON.parse(body));
    t.is(bodies.filter(({ superseded }) => superseded === true).length, 49);
    t.is(bodies.filter(({ messages }) => messages.length === 1).length, 1);
  },
);
