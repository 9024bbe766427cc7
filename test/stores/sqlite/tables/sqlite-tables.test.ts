import test, { type ExecutionContext } from 'ava';
import type { NewSession, SessionContextOptions } from '../../../../src/index.js';
import { SessionContext } from '../../../../src/index.js';
import { SessionEngine } from '../../../../src/store/engine/session-engine.js';
import { MemoryNotices } from '../../../../src/stores/memory/memory-notices.js';
import type { Database, SqlValue } from '../../../../src/stores/sqlite/driver/database.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { checksumOf } from '../../../../src/stores/sqlite/tables/checksum.js';
import { History } from '../../../../src/stores/sqlite/tables/history.js';
import { sessionSchema } from '../../../../src/stores/sqlite/tables/session-schema.js';
import { SqliteTables } from '../../../../src/stores/sqlite/tables/sqlite-tables.js';

const app = 'default';
const id = 'a'.repeat(24);
const secretHash = 'h'.repeat(43);
/** The request that reads all messages. */
const whole = {
  reader: 'tab',
  after: '',
  limit: 10,
  wait: 0,
  secretHash: undefined,
  generation: undefined,
  ticket: 1,
} as const;

interface Stage {
  readonly database: Database;
  readonly engine: SessionEngine;
  /** Returns the engine of another process, which knows no session yet. */
  other(): SessionEngine;
  /** Returns the values of the first row. */
  row(sql: string): readonly SqlValue[] | undefined;
}

async function stage(t: ExecutionContext, options: SessionContextOptions = {}): Promise<Stage> {
  const database = (await loadDriver()).open(':memory:');
  t.teardown(() => database.close());
  database.exec(sessionSchema);
  const context = new SessionContext({ gcTime: 1_000, hbGrace: 100, tombstoneTime: 50, ...options });
  const other = () => {
    const tables = new SqliteTables(database, new History(database), context);
    return new SessionEngine({ context, tables, notices: new MemoryNotices(), node: 'here' });
  };
  return { database, engine: other(), other, row: (sql) => database.prepare(sql).get() };
}

function given(): NewSession {
  const attributes = { theme: '"dark"' };
  return {
    app,
    id,
    accountId: 'alice',
    secretHash,
    ip: '',
    userAgent: 'agent',
    ttl: 1_000,
    maxAge: 0,
    maxSession: 0,
    attributes,
  };
}

function textOf(length: number): { json: string; bytes: number; key: undefined } {
  const json = JSON.stringify('x'.repeat(length - 2));
  return { json, bytes: json.length, key: undefined };
}

const damage: readonly (readonly [table: string, change: string])[] = [
  ['session', "account = 'admin'"],
  ['session', "id = 'bbbbbbbbbbbbbbbbbbbbbbbb'"],
  ['session', "secret_hash = 'i' || substr(secret_hash, 2)"],
  ['session', 'created_at = created_at + 4294967296'],
  ['session', `amendments = '["",0,9,"",""]'`],
  ['session', "attributes = '[]'"],
  ['session', 'attributes = NULL'],
  ['session', 'checksum = checksum + 1'],
  ['contact', 'last_time = last_time + 1'],
  ['contact', 'ttl = 999999999'],
  ['contact', 'silent_at = NULL'],
  ['contact', 'retained = 0'],
  ['contact', "mailbox = replace(mailbox, 'x', 'y')"],
  ['contact', 'key = key + 1'],
];

for (const [table, change] of damage) {
  test(`a row of ${table} that was changed behind SQLite's back (${change}) is never shown`, async (t) => {
    const { database, engine, other } = await stage(t);
    engine.insert(given(), 0);
    engine.append(app, id, textOf(10), 1);
    const shown = engine.get(app, id, 1);
    t.is(shown.accountId, 'alice');
    database.exec(`UPDATE ${table} SET ${change}`);
    try {
      t.deepEqual(engine.get(app, id, 1), shown, 'what is known of it is what was written');
    } catch (error) {
      t.regex(String(error), /damaged|no such session/);
    }
    const reader = other();
    for (const each of [id, 'b'.repeat(24)]) {
      const error = t.throws(() => reader.get(app, each, 1));
      // A session is unknown if its rows no longer refer to each other.
      t.regex(error?.message ?? '', /damaged: a row of the table (session|contact)|no such session/);
    }
  });
}

test('a changed tombstone or message is never shown', async (t) => {
  const { database, engine } = await stage(t, { onOverflow: 'reject' });
  engine.insert(given(), 0);
  engine.append(app, id, textOf(2_000), 1);
  database.exec("UPDATE message SET json = replace(json, 'x', 'y')");
  const { messages, lost } = engine.read(app, id, whole, 2);
  t.deepEqual([messages, lost], [[], 1]);
  engine.end(app, id, 'logout', 3);
  database.exec("UPDATE tombstone SET reason = 'revoked'");
  t.throws(() => engine.get(app, id, 4), { name: 'DamagedRow', message: /table tombstone/ });
});

test('messages with missing rows are reported as lost, and use no space once that is detected', async (t) => {
  for (const gone of ['offset > 0', 'offset < 3', 'offset = 2']) {
    const { database, engine } = await stage(t, { msgMaxLength: 3 });
    const push = () => engine.append(app, id, textOf(2_000), 1);
    engine.insert(given(), 0);
    for (let each = 0; each < 3; each += 1) push();
    t.true(database.prepare(`DELETE FROM message WHERE ${gone}`).run() > 0);
    // A push that makes room terminates, no matter which rows are missing.
    for (let each = 0; each < 3; each += 1) t.is(push().verdict, 'accepted');
    const { messages, lost } = engine.read(app, id, whole, 3);
    t.deepEqual([messages.at(-1)?.offset, messages.length + lost], [6, 6]);
    t.is(engine.get(app, id, 3).undelivered, messages.length);
    for (let each = 0; each < 3; each += 1) push();
    t.deepEqual(
      engine.read(app, id, whole, 3).messages.map(({ offset }) => offset),
      [7, 8, 9],
    );
  }
});

test('a contact moves no entry of an index', async (t) => {
  const { engine, row } = await stage(t);
  engine.insert(given(), 0);
  const before = row('SELECT due_at, silent_at FROM contact');
  t.deepEqual(before, [1_000, 100]);
  engine.authenticate(app, id, secretHash, 50);
  engine.touch(app, id, { activity: true, ttl: undefined }, 90);
  t.deepEqual(row('SELECT last_time, due_at, silent_at FROM contact'), [90, 1_000, 100]);
  // The entries are found too early, and each is corrected.
  t.deepEqual(engine.judgePresence(10, 100).items, []);
  t.deepEqual(engine.sweep(10, 1_000).items.length, 0);
  t.deepEqual(row('SELECT due_at, silent_at FROM contact'), [1_090, 190]);
  t.is(engine.sweep(10, 1_090).items.length, 1);
});

test('a session whose ttl is shortened is swept at its new deadline', async (t) => {
  const { engine } = await stage(t);
  engine.insert(given(), 0);
  engine.touch(app, id, { activity: true, ttl: 10 }, 5);
  t.is(engine.sweep(10, 14).items.length, 0);
  t.is(engine.sweep(10, 15).items.length, 1);
});

test('small messages are stored in the row of their session, large ones in separate rows, until the mailbox is empty', async (t) => {
  const { engine, row } = await stage(t);
  const counts = () => row('SELECT (SELECT count(*) FROM message), retained FROM contact');
  engine.insert(given(), 0);
  engine.append(app, id, textOf(500), 1);
  t.deepEqual(counts(), [0, 1]);
  engine.append(app, id, textOf(600), 2);
  t.deepEqual(counts(), [2, 2]);
  const request = {
    reader: 'tab',
    limit: 10,
    wait: 0,
    secretHash: undefined,
    generation: undefined,
    ticket: 1,
  } as const;
  const { epoch, messages } = engine.read(app, id, { ...request, after: '' }, 3);
  t.deepEqual(
    messages.map(({ offset, bytes }) => [offset, bytes]),
    [
      [1, 500],
      [2, 600],
    ],
  );
  engine.read(app, id, { ...request, after: { epoch, offset: 2, proof: 2 } }, 4);
  t.deepEqual(counts(), [0, 0]);
  engine.append(app, id, textOf(10), 5);
  t.deepEqual(counts(), [0, 1]);
});

test('an ended session leaves only its tombstone, until that expires', async (t) => {
  const { engine, row } = await stage(t);
  engine.insert(given(), 0);
  engine.append(app, id, textOf(2_000), 1);
  engine.end(app, id, 'logout', 2);
  const counts = () =>
    ['session', 'contact', 'message', 'tombstone'].map((table) => row(`SELECT count(*) FROM ${table}`)?.[0]);
  t.deepEqual(counts(), [0, 0, 0, 1]);
  engine.sweep(10, 51);
  t.deepEqual(counts(), [0, 0, 0, 1]);
  engine.sweep(10, 52);
  t.deepEqual(counts(), [0, 0, 0, 0]);
});

test('sessions beyond one step are counted in the next step, each session once', async (t) => {
  const { database, engine } = await stage(t);
  const add = (count: number, first: number) => {
    database.exec(`
      WITH RECURSIVE number (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ${first + count})
      INSERT INTO session (app, id, account, secret_hash, generation, created_at, max_age, ip, user_agent, writes, checksum)
      SELECT '${app}', printf('%024d', n), 'alice', '', 0, 0, 0, '', '', 0, 0 FROM number`);
  };
  const steps = () => {
    const counts: number[] = [];
    let after: string | undefined;
    do {
      const { items, next } = engine.apps.count(app, after);
      counts.push(...items);
      after = next;
    } while (after !== undefined);
    return counts;
  };
  t.deepEqual(steps(), [0]);
  add(1_999, 0);
  t.deepEqual(steps(), [1_999]);
  add(1, 1_999);
  t.deepEqual(steps(), [2_000, 0]);
  add(1, 2_000);
  t.deepEqual(steps(), [2_000, 1]);
});

test('a session that is turned away or found early between two steps counts once by presence', async (t) => {
  const { engine } = await stage(t);
  const ids = Array.from({ length: 2_001 }, (_each, index) => String(index).padStart(24, '0'));
  for (const each of ids) engine.insert({ ...given(), id: each, app: `app-${each.slice(-1)}`, accountId: each }, 0);
  for (const each of [ids[0], ids[2_000]]) engine.touch('app-0', each ?? '', { activity: true, ttl: undefined }, 50);
  const begin = engine.apps.countPresence(undefined);
  t.deepEqual(begin.items, [{ online: 2_000, away: 0 }]);
  while (engine.judgePresence(500, 100).more);
  t.deepEqual(engine.apps.countPresence(begin.next), { items: [{ online: 1, away: 0 }], next: undefined });
  const again = engine.apps.countPresence(undefined);
  t.deepEqual(again.items, [{ online: 1, away: 1_999 }]);
});

test('a checksum depends on each value, its kind and its position, also beyond 32 bits and in long texts', (t) => {
  const long = 'x'.repeat(1_000);
  const rows: (readonly (string | number | null)[])[] = [
    ['a', 'b'],
    ['ab', ''],
    ['', 'ab'],
    ['b', 'a'],
    [1, 2],
    [2, 1],
    [0],
    [null],
    [''],
    ['0'],
    [2 ** 32],
    [1],
    [long],
    [`${long.slice(1)}y`],
    [`y${long.slice(1)}`],
    [long, 'x'],
    [-1],
    [2 ** 40],
    [2 ** 41],
  ];
  t.is(new Set(rows.map((values) => checksumOf(...values))).size, rows.length);
  t.true(rows.every((values) => Number.isInteger(checksumOf(...values))));
});
