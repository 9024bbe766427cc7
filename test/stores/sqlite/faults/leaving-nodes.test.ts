import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { isChangeFeed } from '../../../../src/store/change-feed.js';
import type { Database } from '../../../../src/stores/sqlite/driver/database.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { NodeTables } from '../../../../src/stores/sqlite/nodes/node-tables.js';
import { eventually } from '../../../support/eventually.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial, trialOf } from '../opened-trial.js';

async function connect(t: ExecutionContext, path: string): Promise<Database> {
  const database = (await loadDriver()).open(path);
  t.teardown(() => database.close());
  return database;
}

function first(database: Database, sql: string): unknown {
  return database.prepare(sql).get()?.[0];
}

/** Returns the name of the node at which the only session is parked. */
function parkedNode(database: Database): string {
  return String(first(database, `SELECT json_extract(mailbox, '$[6][0][4]') FROM contact`));
}

async function nextMicrotasks(): Promise<void> {
  for (let each = 0; each < 3; each += 1) await undefined;
}

async function nextTurns(): Promise<void> {
  for (let each = 0; each < 2; each += 1) await nextTurn();
}

function fillInbox(database: Database, node: string, rows: number): NodeTables {
  const tables = new NodeTables(database);
  let number = tables.latestNumber();
  for (let each = 0; each < rows; each += 1) {
    number += 1;
    tables.addNotices(node, number, [['changed', 'default', `id${each}`]]);
  }
  tables.setLatestNumber(number);
  return tables;
}

test.serial(
  'the file stays marked as open with interval when a store opens while the last other one closes',
  async (t) => {
    const path = await freshPath(t);
    const older = trialOf({ path, durability: 'interval' });
    await older.store.open(older);
    const newer = trialOf({ path, durability: 'interval' });
    t.teardown(() => newer.store.close());
    const real = fs.fdatasync;
    let isFirst = true;
    // The older store closes while the newer one, which has just begun, waits for its first sync.
    fs.fdatasync = ((descriptor: number, callback: (error: Error | null) => void) => {
      const before = isFirst ? older.store.close() : Promise.resolve();
      isFirst = false;
      void before.then(() => real(descriptor, callback));
    }) as typeof fs.fdatasync;
    syncBuiltinESMExports();
    t.teardown(() => {
      fs.fdatasync = real;
      syncBuiltinESMExports();
    });
    await newer.store.open(newer);
    const { id } = await newer.login();
    await newer.push(id, 'acknowledged');
    t.not(first(await connect(t, path), 'SELECT boot FROM history'), '');
  },
);

test.serial(
  'a node that another node deleted by mistake marks the file before it acknowledges more writes',
  async (t) => {
    const path = await freshPath(t);
    const one = await openedTrial(t, { path, durability: 'interval' });
    const other = trialOf({ path, durability: 'interval' });
    await other.store.open(other);
    const { id } = await one.login();
    await one.park(id);
    const database = await connect(t, path);
    database.exec(`DELETE FROM node WHERE name = '${parkedNode(database)}'`);
    await other.store.close();
    await one.push(id, 'acknowledged');
    t.not(first(database, 'SELECT boot FROM history'), '');
  },
);

test.serial('a node with a partly deleted inbox is notified that it missed notices', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const { id } = await one.login();
  await other.park(id);
  const database = await connect(t, path);
  const node = parkedNode(database);
  // Another node does this to a node that stood still for 20 s and has more rows in its inbox than one step deletes.
  database.exec('BEGIN IMMEDIATE');
  fillInbox(database, node, 250).forget(node);
  database.exec('COMMIT');
  await other.store.ping();
  await eventually(() => other.notices.some((notice) => notice.kind === 'changed' && notice.id === 'id249'));
  const count = other.notices.filter(({ kind }) => kind === 'changed').length;
  t.true(count === 250 || other.notices.some(({ kind }) => kind === 'missed'), `it got ${count} of 250 notices`);
});

test.serial('a node that leaves with a full inbox removes its row, and its stop is clean', async (t) => {
  const path = await freshPath(t);
  const trial = trialOf({ path, durability: 'interval' });
  await trial.store.open(trial);
  const { id } = await trial.login();
  await trial.park(id);
  const database = await connect(t, path);
  database.exec('BEGIN IMMEDIATE');
  fillInbox(database, parkedNode(database), 250);
  database.exec('COMMIT');
  await eventually(() => trial.notices.length >= 250);
  await trial.store.close();
  t.deepEqual([first(database, 'SELECT count(*) FROM node'), first(database, 'SELECT boot FROM history')], [0, '']);
});

test.serial('a damaged row of reports does not make sweeps fail', async (t) => {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path });
  (await connect(t, path)).exec(`INSERT INTO report VALUES ('gone', 1, '[{"app":"def')`);
  await t.notThrowsAsync(trial.store.sweep(10));
});

test.serial('a damaged row of an inbox does not stop later notices', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const { id } = await one.login();
  await other.park(id);
  const database = await connect(t, path);
  database.exec(`UPDATE counter SET value = value + 1 WHERE name = 'notice';
    INSERT INTO inbox SELECT '${parkedNode(database)}', value, '[["app' FROM counter WHERE name = 'notice'`);
  await one.push(id, 'hi');
  await other.notice('appended', id);
  t.true(other.notices.some(({ kind }) => kind === 'missed'));
});

test.serial(
  'a watch that ends while its store closes does not bring the node back, and does not wait for ever',
  async (t) => {
    // The first delay ends the watch after the node was told to leave, the second after the last transaction.
    for (const delay of [nextMicrotasks, nextTurns]) {
      const path = await freshPath(t);
      const trial = trialOf({ path, durability: 'interval' });
      await trial.store.open(trial);
      assert.ok(isChangeFeed(trial.store));
      const end = await trial.store.watchChanges({ changed: () => {}, interrupted: () => {}, resumed: () => {} });
      const closing = trial.store.close();
      await delay();
      const ending = end();
      await closing;
      t.is(await Promise.race([ending.then(() => 'ended'), pause(1_000, 'waits')]), 'ended', delay.name);
      const database = await connect(t, path);
      const left = [first(database, 'SELECT count(*) FROM node'), first(database, 'SELECT boot FROM history')];
      t.deepEqual(left, [0, ''], delay.name);
    }
  },
);
