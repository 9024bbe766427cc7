import { readFileSync, statSync } from 'node:fs';
import test from 'ava';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial, trialOf } from '../opened-trial.js';

/** The locks that this process has on a file, as Linux lists them. */
function locksOn(path: string): readonly string[] {
  const { ino } = statSync(path);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, kind, , , pid, file]) => kind === 'POSIX' && pid === String(process.pid) && file?.endsWith(`:${ino}`))
    .map(([, , , mode = '', , , start = '', end = '']) => `${mode} ${start} ${end}`)
    .toSorted();
}

// Closing any descriptor of a file drops all locks that the process has on it.
(process.platform === 'linux' ? test : test.skip)(
  'nothing that a store does to its files drops the locks of its process',
  async (t) => {
    const path = await freshPath(t);
    const trial = await openedTrial(t, { path, lookInterval: 10 });
    const { id } = await trial.login();
    const reader = (await loadDriver()).open(path);
    t.teardown(() => reader.close());
    reader.exec('BEGIN; SELECT count(*) FROM session');
    const before = ['', '-shm'].map((suffix) => locksOn(path + suffix));
    t.true(before.every((locks) => locks.length > 0));
    const other = trialOf({ path, durability: 'interval', syncInterval: 10 });
    await other.store.open(other);
    // More than a checkpoint takes to begin.
    const text = JSON.stringify('x'.repeat(60_000));
    for (let each = 0; each < 100; each += 1) await other.login('alice', { attributes: { text } });
    for (const { store } of [trial, other]) {
      await store.ping();
      await store.get('default', id);
    }
    await other.store.close();
    const after = ['', '-shm'].map((suffix) => locksOn(path + suffix));
    for (const [index, locks] of before.entries()) {
      t.deepEqual(
        locks.filter((lock) => !after[index]?.includes(lock)),
        [],
      );
    }
    reader.exec('COMMIT');
  },
);
