import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import test from 'ava';
import { valuesOf } from '../../../../src/conformance/trial.js';
import { SessionError } from '../../../../src/index.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { eventually } from '../../../support/eventually.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial, trialOf } from '../opened-trial.js';

/** The flag `O_PATH` of Linux. A descriptor with it gives the status of the file, but the kernel refuses to sync it. */
const pathOnly = 0o10000000;

/** Returns the read-only descriptor with which the store syncs the log. SQLite's own descriptor is open for writing. */
function syncedDescriptor(logPath: string): number {
  const links = readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      if (readlinkSync(`/proc/self/fd/${descriptor}`) !== logPath) return false;
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '1';
      return (Number.parseInt(flags, 8) & 3) === 0;
    } catch {
      // This descriptor belonged to the directory listing itself and is already closed.
      return false;
    }
  });
  const [found] = links;
  if (found === undefined || links.length > 1) throw new Error(`${links.length} descriptors of the log are read-only`);
  return Number(found);
}

/** Makes every further sync of the log fail in the kernel. SQLite can still write. */
function failSyncs(path: string): void {
  const logPath = `${realpathSync(path)}-wal`;
  const descriptor = syncedDescriptor(logPath);
  closeSync(descriptor);
  const others: number[] = [];
  // The system returns the lowest free number.
  for (let opened = openSync(logPath, pathOnly); opened !== descriptor; opened = openSync(logPath, pathOnly)) {
    others.push(opened);
    if (opened > descriptor) throw new Error('the descriptor was taken in between');
  }
  for (const other of others) closeSync(other);
}

const failed = { code: 'STORE_UNAVAILABLE', message: /the disk failed to keep what was written; restart this process/ };

for (const durability of ['commit', 'interval'] as const) {
  // Only Linux has and lists such descriptors. Serial, because a concurrent test could be given the descriptor.
  (process.platform === 'linux' ? test.serial : test.serial.skip)(
    `after a failed sync under ${durability} every call fails until the store is opened again, and earlier acknowledged writes are kept`,
    async (t) => {
      const path = await freshPath(t);
      const trial = trialOf({ path, durability, syncInterval: 20 });
      await trial.store.open(trial);
      const { id } = await trial.login();
      await trial.push(id, 'before');
      const sent = await trial.read(id, { after: undefined });
      failSyncs(path);
      if (durability === 'commit') await t.throwsAsync(trial.push(id, 'unsure'), failed);
      else {
        const isRefused = () =>
          trial.push(id, 'unsure').then(
            () => false,
            (error) => SessionError.is(error, 'STORE_UNAVAILABLE'),
          );
        await eventually(isRefused, { what: 'a sync fails' });
      }
      const calls = [() => trial.push(id, 'late'), () => trial.store.get('default', id), () => trial.store.ping()];
      for (const call of calls) await t.throwsAsync(call(), failed);
      await trial.store.close();

      const again = await openedTrial(t, { path, durability });
      await again.push(id, 'after');
      const values = valuesOf(await again.read(id, { reader: 'other' }));
      t.is(values[0], 'before');
      t.is(values.at(-1), 'after');
      t.false(values.includes('late'));
      t.true((await again.read(id, { after: sent })).reset);
      await t.notThrowsAsync(again.store.ping());
    },
  );
}

// The raw connection in this process stands for another process, which keeps the log in use.
(process.platform === 'linux' ? test.serial : test.serial.skip)(
  'after a failed sync the store opens only once the log, which another process uses, has been emptied',
  async (t) => {
    const path = await freshPath(t);
    const failing = trialOf({ path });
    await failing.store.open(failing);
    const other = (await loadDriver()).open(path);
    t.teardown(() => other.close());
    const { id } = await failing.login();
    for (let each = 0; each < 100; each += 1) await failing.push(id, 'x'.repeat(500));
    failSyncs(path);
    await t.throwsAsync(failing.push(id, 'unsure'), failed);
    other.exec('BEGIN');
    other.prepare('SELECT count(*) FROM session').get();
    await failing.store.close();
    const logSize = () => statSync(`${path}-wal`).size;
    const before = logSize();

    const again = trialOf({ path, lockTimeout: 100 });
    const inUse = {
      code: 'STORE_UNAVAILABLE',
      message: /the disk failed to sync the log, which other processes still use/,
    };
    for (let attempt = 0; attempt < 2; attempt += 1) await t.throwsAsync(again.store.open(again), inUse);
    t.true(logSize() >= before);
    other.exec('COMMIT');
    await again.store.open(again);
    t.true(logSize() < before / 4, `${logSize()} bytes, ${before} before`);
    t.is((await again.store.get('default', id)).id, id);
    await again.store.close();
  },
);

(process.platform === 'linux' ? test.serial : test.serial.skip)(
  'a store whose sync failed causes one reset, also if another store opens the file before it is closed',
  async (t) => {
    const path = await freshPath(t);
    const failing = trialOf({ path });
    await failing.store.open(failing);
    const { id } = await failing.login();
    await failing.push(id, 'before');
    const sent = await failing.read(id, { after: undefined });
    failSyncs(path);
    await t.throwsAsync(failing.push(id, 'unsure'), failed);

    const second = trialOf({ path });
    await second.store.open(second);
    const told = await second.read(id, { after: sent });
    t.true(told.reset);
    await failing.store.close();
    await second.store.close();
    const third = await openedTrial(t, { path });
    t.false((await third.read(id, { after: told })).reset);
  },
);
