import test from 'ava';
import type { NewSession } from '../../../src/index.js';
import type { Tombstone } from '../../../src/store/engine/tables.js';
import { MemoryTables } from '../../../src/stores/memory/memory-tables.js';

const app = 'default';

function given(id: string): NewSession {
  const rest = { accountId: 'alice', secretHash: '', ip: '', userAgent: '', ttl: 10, maxAge: 0, maxSession: 0 };
  return { app, id: id.padEnd(24, '0'), attributes: {}, ...rest };
}

function until(forgottenAt: number): Tombstone {
  return { secretHash: '', reason: 'logout', forgottenAt };
}

test('a second tombstone for an id does not delay the removal of older tombstones', (t) => {
  const tables = new MemoryTables();
  tables.bury(app, 'again', until(10));
  tables.bury(app, 'other', until(10));
  tables.bury(app, 'again', until(20));
  t.false(tables.dropTombstones(10, 100));
  t.is(tables.tombstone(app, 'other'), undefined);
  t.is(tables.tombstone(app, 'again')?.forgottenAt, 20);
});

test('tombstones are dropped in slices, over all apps', (t) => {
  const tables = new MemoryTables();
  for (let each = 0; each < 10; each += 1) tables.bury(`app-${each % 2}`, String(each), until(10));
  const left = () => [...tables.apps].reduce((sum, { tombstones }) => sum + tombstones.size, 0);
  t.true(tables.dropTombstones(9, 4) === false && left() === 10, 'none is past its time');
  t.true(tables.dropTombstones(10, 4));
  t.is(left(), 6);
  t.true(tables.dropTombstones(10, 4));
  t.is(left(), 2);
  t.false(tables.dropTombstones(10, 4));
  t.is(left(), 0);
});

test('an app is kept only while it has a session or a tombstone', (t) => {
  const tables = new MemoryTables();
  tables.find('asked', given('a').id);
  tables.page('asked', undefined, 10);
  t.is([...tables.apps].length, 0, 'asking for an app makes none');
  const entry = tables.add(given('a'), 0);
  tables.dropTombstones(100, 10);
  t.is([...tables.apps].length, 1);
  entry.remove();
  tables.bury(app, entry.id, until(10));
  tables.dropTombstones(9, 10);
  t.is([...tables.apps].length, 1);
  tables.dropTombstones(10, 10);
  t.is([...tables.apps].length, 0);
});

test('a page continues where the last one ended, and the last page has no end', (t) => {
  const tables = new MemoryTables();
  const entries = ['a', 'b', 'c', 'd', 'e'].map((id) => tables.add(given(id), 0));
  entries[2]?.remove();
  const first = tables.page(app, undefined, 3);
  t.deepEqual([first.entries, first.end], [entries.slice(0, 2), '2']);
  const second = tables.page(app, first.end, 1);
  t.deepEqual([second.entries, second.end], [[entries[3]], '3']);
  t.deepEqual(tables.page(app, second.end, 10), { entries: [entries[4]], end: undefined });
  t.deepEqual(tables.page(app, entries[0]?.place, 1), { entries: [entries[1]], end: '1' });
  for (const cursor of ['x', '-1', '1.5', '', '1e3']) {
    t.throws(() => tables.page(app, cursor, 10), { code: 'INVALID_ARGUMENT' });
  }
});
