import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import test, { type ExecutionContext } from 'ava';
import { outgoing } from '../../../../src/conformance/trial.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial } from '../opened-trial.js';

/** Returns a function that counts rows over a separate connection. */
async function rowsIn(t: ExecutionContext, path: string): Promise<(table: string) => number> {
  const database = (await loadDriver()).open(path);
  t.teardown(() => database.close());
  return (table) => Number(database.prepare(`SELECT count(*) FROM ${table}`).get()?.[0]);
}

test.serial('a commit of another connection is noticed long before the next look', async (t) => {
  const path = await freshPath(t);
  const options = { path, lookInterval: 60_000 };
  const [one, other] = [await openedTrial(t, options), await openedTrial(t, options)];
  const { id } = await one.login();
  await other.park(id);
  await one.push(id, 'hi');
  await other.notice('appended', id);
  t.pass();
});

test.serial(
  'when the operating system can not watch the file, looks find the commits of other processes',
  async (t) => {
    const real = fs.watch;
    t.teardown(() => {
      fs.watch = real;
      syncBuiltinESMExports();
    });
    fs.watch = () => {
      throw new Error('ENOSPC: System limit for number of file watchers reached');
    };
    syncBuiltinESMExports();
    const path = await freshPath(t);
    const options = { path, lookInterval: 60_000 };
    const [one, other] = [await openedTrial(t, options), await openedTrial(t, options)];
    const { id } = await one.login();
    await other.park(id);
    await one.push(id, 'hi');
    await other.notice('appended', id);
    t.pass();
  },
);

test.serial('a delivered notice is deleted by the next transaction of its node', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const count = await rowsIn(t, path);
  const { id } = await one.login();
  await other.park(id);
  await one.push(id, 'hi');
  await other.notice('appended', id);
  await other.store.ping();
  t.is(count('inbox'), 0);
});

test.serial('the notices of one transaction for one node share a row, and each is delivered', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const count = await rowsIn(t, path);
  const [first, second] = [await one.login('alice'), await one.login('alice')];
  await other.park(first.id);
  await other.park(second.id);
  await one.store.appendToAccount('default', 'alice', outgoing('hi'));
  t.is(count('inbox'), 1);
  await other.notice('appended', first.id);
  await other.notice('appended', second.id);
});

test.serial(
  'a node that another node deleted by mistake is notified that it missed notices, and then receives notices again',
  async (t) => {
    const path = await freshPath(t);
    const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
    const database = (await loadDriver()).open(path);
    t.teardown(() => database.close());
    const { id } = await one.login();
    await other.park(id);
    database.exec('DELETE FROM node');
    await one.push(id, 'a');
    t.is(
      Number(database.prepare('SELECT count(*) FROM inbox').get()?.[0]),
      0,
      'nothing is kept for a node that is gone',
    );
    await other.store.ping();
    t.true(other.notices.some(({ kind }) => kind === 'missed'));
    const later = await one.login();
    await other.park(later.id);
    await one.push(later.id, 'b');
    await other.notice('appended', later.id);
  },
);

test.serial('a node that leaves removes its row and its inbox', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const count = await rowsIn(t, path);
  t.is(count('node'), 2);
  await other.store.close();
  t.is(count('node'), 1);
  await one.store.close();
  t.deepEqual([count('node'), count('inbox'), count('report')], [0, 0, 0]);
});
