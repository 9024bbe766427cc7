import test, { type ExecutionContext } from 'ava';
import { outgoing } from '../../../../src/conformance/trial.js';
import { type NewSession, SessionContext } from '../../../../src/index.js';
import { SessionEngine } from '../../../../src/store/engine/session-engine.js';
import type { ReadRequest } from '../../../../src/store/session-store.js';
import { MemoryNotices } from '../../../../src/stores/memory/memory-notices.js';
import type { Database } from '../../../../src/stores/sqlite/driver/database.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { History } from '../../../../src/stores/sqlite/tables/history.js';
import { KnownSession, KnownSessions } from '../../../../src/stores/sqlite/tables/known-sessions.js';
import { sessionSchema } from '../../../../src/stores/sqlite/tables/session-schema.js';
import { SqliteTables } from '../../../../src/stores/sqlite/tables/sqlite-tables.js';

const app = 'default';
const id = 'a'.repeat(24);
const otherId = 'b'.repeat(24);

/** A process: its cache of sessions, and its engine over the database that all processes share. */
interface Process {
  readonly tables: SqliteTables;
  readonly history: History;
  readonly engine: SessionEngine;
  /** The nodes that were notified of messages. */
  readonly notified: readonly string[];
}

async function sharedDatabase(t: ExecutionContext): Promise<{ database: Database; start(): Process }> {
  const database = (await loadDriver()).open(':memory:');
  t.teardown(() => database.close());
  database.exec(sessionSchema);
  const context = new SessionContext({ gcTime: 60_000, tombstoneTime: 0, maxSession: 0 });
  let nodes = 0;
  const start = (): Process => {
    nodes += 1;
    const history = new History(database);
    history.begin('', true);
    const tables = new SqliteTables(database, history, context);
    const notified: string[] = [];
    const notices = Object.assign(new MemoryNotices(), { appended: (node: string) => void notified.push(node) });
    const parts = { context, tables, notices, node: `node-${nodes}` };
    return { tables, history, engine: new SessionEngine(parts), notified };
  };
  return { database, start };
}

function session(sessionId: string, accountId: string): NewSession {
  const empty = { ip: '', userAgent: '', attributes: {} };
  return { app, id: sessionId, accountId, secretHash: 'h'.repeat(43), ttl: 60_000, maxAge: 0, maxSession: 0, ...empty };
}

function request(after: ReadRequest['after'], wait = 0): ReadRequest {
  return { reader: 'tab', after, limit: 10, wait, secretHash: undefined, generation: undefined, ticket: 1 };
}

test('a change by another process is visible to a process that knows the session', async (t) => {
  const { start } = await sharedDatabase(t);
  const [one, other] = [start().engine, start().engine];
  one.insert(session(id, 'alice'), 0);
  one.authenticate(app, id, 'h'.repeat(43), 1);
  other.authenticate(app, id, 'h'.repeat(43), 2);
  other.patch(app, id, { theme: '"dark"' }, 3);
  t.is(one.get(app, id, 3).attributes.theme, '"dark"');
  one.rotate(app, id, 'i'.repeat(43), false, 4);
  t.throws(() => other.authenticate(app, id, 'h'.repeat(43), 5), { code: 'SESSION_UNKNOWN' });
  t.is(other.authenticate(app, id, 'i'.repeat(43), 5).record.reads, 3);
  one.append(app, id, outgoing('a'), 6);
  other.append(app, id, outgoing('b'), 7);
  one.append(app, id, outgoing('c'), 8);
  const { messages } = other.read(app, id, request(''), 9);
  t.deepEqual(
    messages.map(({ offset, data }) => [offset, data]),
    [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ],
  );
  one.end(app, id, 'logout', 10);
  t.throws(() => other.get(app, id, 10), { code: 'SESSION_UNKNOWN' });
});

test('a new session that gets the key of an ended one is not mistaken for it', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const [one, other] = [start().engine, start().engine];
  one.insert(session(id, 'alice'), 0);
  one.authenticate(app, id, 'h'.repeat(43), 0);
  const keyOf = () => database.prepare('SELECT key FROM contact').all();
  const key = keyOf();
  other.end(app, id, 'logout', 1);
  other.insert(session(otherId, 'bob'), 2);
  t.deepEqual(keyOf(), key);
  t.throws(() => one.get(app, id, 3), { code: 'SESSION_UNKNOWN' });
  t.is(one.get(app, otherId, 3).accountId, 'bob');
});

test('a known session is found only under its app', async (t) => {
  const { start } = await sharedDatabase(t);
  const { engine } = start();
  engine.insert(session(id, 'alice'), 0);
  engine.authenticate(app, id, 'h'.repeat(43), 0);
  t.throws(() => engine.get('another', id, 0), { code: 'SESSION_UNKNOWN' });
});

test('the changes of a transaction to a session are forgotten when the transaction is rolled back', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const { engine, tables } = start();
  const other = start().engine;
  engine.insert(session(id, 'alice'), 0);
  engine.append(app, id, outgoing('a'), 1);
  database.exec('BEGIN');
  engine.append(app, id, outgoing('b'), 2);
  engine.patch(app, id, { theme: '"dark"' }, 2);
  database.exec('ROLLBACK');
  tables.rolledBack();
  // The row reaches the version that it had in the transaction.
  other.append(app, id, outgoing('c'), 3);
  other.append(app, id, outgoing('d'), 3);
  t.deepEqual(engine.get(app, id, 3).attributes, Object.create(null));
  t.deepEqual(
    engine.read(app, id, request(''), 4).messages.map(({ offset, data }) => [offset, data]),
    [
      [1, 'a'],
      [2, 'c'],
      [3, 'd'],
    ],
  );
});

test('a step that does not save does not change the cached session', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const { engine: one, notified } = start();
  one.insert(session(id, 'alice'), 0);
  one.read(app, id, request('', 1_000), 0);
  // At this time the park has ended. The look finds that, but does not save it.
  t.is(one.get(app, id, 20_000).presence, 'away');
  t.is(one.get(app, id, 500).presence, 'online');
  one.append(app, id, outgoing('a'), 600);
  t.deepEqual(notified, ['node-1'], 'the poll is still held');
  t.is(database.prepare('SELECT last_contact FROM contact').get()?.[0], 600);
});

test('a cached mailbox gets a new epoch when another history has begun', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const { engine, history } = start();
  engine.insert(session(id, 'alice'), 0);
  engine.append(app, id, outgoing('a'), 1);
  const { epoch, offset, proof } = engine.read(app, id, request(''), 2);
  t.false(engine.read(app, id, request({ epoch, offset, proof }), 3).reset);
  database.exec("UPDATE history SET tag = '', boot = ''");
  history.begin('', true);
  t.true(engine.read(app, id, request({ epoch, offset, proof }), 4).reset);
});

function knownSession(n: number, mailbox: string | null, attributes: string | null = null): KnownSession {
  const values = { accountId: '', secretHash: '', generation: 0, createdAt: 0, maxAge: 0, ip: '', userAgent: '' };
  const contact = { lastTime: 0, lastContact: 0, ttl: 0, reads: 0, dueAt: 0, silentAt: 0, parked: 0, retained: 0 };
  const amended = { amendments: null, attributes, writes: 0 };
  const session = { app, id: `session-${n}`, ...values, ...amended };
  return new KnownSession({ key: n, session, contact: { ...contact, mailbox }, version: 1 });
}

function countOf(known: KnownSessions, end: number): number {
  return Array.from({ length: end }, (_, n) => known.get(app, `session-${n}`)).filter(Boolean).length;
}

test('the cache is bounded, and entries in use stay', (t) => {
  const known = new KnownSessions();
  known.put(knownSession(0, null));
  for (let n = 1; n <= 70_000; n += 1) {
    known.put(knownSession(n, null));
    known.get(app, 'session-0');
  }
  t.not(known.get(app, 'session-0'), undefined);
  t.is(known.get(app, 'session-1'), undefined);
  const texts: readonly (readonly [string | null, string | null])[] = [
    ['x'.repeat(1_048_576), null],
    [null, 'x'.repeat(1_048_576)],
  ];
  for (const [mailbox, attributes] of texts) {
    known.clear();
    for (let n = 0; n < 200; n += 1) known.put(knownSession(n, mailbox, attributes));
    t.true(countOf(known, 200) <= 64, 'at most 64 MiB of texts are kept');
  }
});

test('a known session that changes in place counts with its latest size', (t) => {
  const known = new KnownSessions();
  const sessions = Array.from({ length: 200 }, (_, n) => knownSession(n, null));
  for (const each of sessions) known.put(each);
  const [first, ...others] = sessions;
  for (const mailbox of ['x'.repeat(1_048_576), null].flatMap((text) => Array<string | null>(50).fill(text))) {
    if (first !== undefined) Object.assign(first.stored.contact, { mailbox });
    if (first !== undefined) known.put(first);
  }
  t.is(countOf(known, 200), 200, 'a session counts once');
  for (const each of others) {
    each.stored.contact.mailbox = 'x'.repeat(1_048_576);
    known.put(each);
  }
  t.true(countOf(known, 200) <= 65, 'at most 64 MiB of texts are kept');
});

test('a session that this process created or read is not read again while the version of its row is the same', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const [creator, reader, newcomer] = [start().engine, start().engine, start().engine];
  creator.insert(session(id, 'alice'), 0);
  t.is(reader.get(app, id, 1).accountId, 'alice');
  // A process that reads the row from now on finds it damaged.
  database.exec("UPDATE session SET account = 'mallory'");
  t.is(creator.get(app, id, 2).accountId, 'alice');
  t.is(reader.get(app, id, 2).accountId, 'alice');
  t.throws(() => newcomer.get(app, id, 2), { message: /does not fit its checksum/ });
});

test('the version of a row is looked up only after another connection has committed', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const { engine, tables } = start();
  const other = start().engine;
  tables.begun(1);
  engine.insert(session(id, 'alice'), 0);
  t.is(engine.get(app, id, 1).accountId, 'alice');
  // According to the data version, no other connection has committed.
  database.exec('UPDATE contact SET version = version + 1');
  t.is(engine.get(app, id, 2).ttl, 60_000);
  other.touch(app, id, { activity: true, ttl: 90_000 }, 3);
  t.is(engine.get(app, id, 4).ttl, 60_000);
  tables.begun(2);
  t.is(engine.get(app, id, 5).ttl, 90_000);
});

test('a change of a session whose row is missing without a commit is not acknowledged', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const { engine, tables } = start();
  tables.begun(1);
  engine.insert(session(id, 'alice'), 0);
  database.exec('DELETE FROM contact');
  t.throws(() => engine.touch(app, id, { activity: true, ttl: undefined }, 1), {
    message: /a row of the table contact is missing/,
  });
});

test('a patch with a renewal is one change of the row', async (t) => {
  const { database, start } = await sharedDatabase(t);
  const { engine } = start();
  const version = () => Number(database.prepare('SELECT version FROM contact').get()?.[0]);
  engine.insert(session(id, 'alice'), 0);
  const before = version();
  const { record } = engine.patchAndRenew(app, id, { theme: '"dark"' }, { activity: true, ttl: 90_000 }, 7);
  t.like(record, { lastTime: 7, ttl: 90_000, attributes: { theme: '"dark"' } });
  t.is(version(), before + 1);
  t.throws(() => engine.patchAndRenew(app, otherId, {}, { activity: true, ttl: undefined }, 8), {
    code: 'SESSION_UNKNOWN',
  });
});
