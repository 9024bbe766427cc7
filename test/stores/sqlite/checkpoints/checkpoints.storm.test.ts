import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import test from 'ava';
import { Checkpointer } from '../../../../src/stores/sqlite/checkpoints/checkpointer.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { programFile } from '../../../support/program.js';
import { freshPath } from '../create-sqlite-store.js';
import { trialOf } from '../opened-trial.js';
import { randomNumbers, stormSize } from '../storm-size.js';
import { damageIn } from '../verify.js';

const mebibyte = 1_048_576;
const heavyWriter = programFile(new URL('../nodes/heavy-writer.js', import.meta.url));
const startingThread = programFile(new URL('./starting-thread.js', import.meta.url));

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

test.serial(
  'the log stays bounded under a continuous stream of writes, and is empty after the last close',
  async (t) => {
    const path = await freshPath(t);
    const trial = trialOf({ path, durability: 'interval' });
    await trial.store.open(trial);
    const attributes = { text: JSON.stringify('x'.repeat(30_000)) };
    let largest = 0;
    for (let round = 0; round < 2_000 && sizeOf(path) < 80 * mebibyte; round += 1) {
      await Promise.all(Array.from({ length: 16 }, (_, lane) => trial.login(`account-${lane}`, { attributes })));
      largest = Math.max(largest, sizeOf(`${path}-wal`));
    }
    t.true(sizeOf(path) >= 80 * mebibyte, 'checkpoints copy it meanwhile');
    t.true(largest > 4 * mebibyte && largest < 128 * mebibyte, `${largest}`);
    await trial.close();
    t.is(sizeOf(`${path}-wal`), 0);
  },
);

test.serial('after the store shrank, the file gives space back to the file system', async (t) => {
  const path = await freshPath(t);
  const trial = trialOf({ path, durability: 'interval' });
  await trial.store.open(trial);
  const attributes = { text: JSON.stringify('x'.repeat(30_000)) };
  const logins = await Promise.all(
    Array.from({ length: 800 }, (_, each) => trial.login(`account-${each}`, { attributes })),
  );
  await Promise.all(logins.map(({ id }) => trial.store.end('default', id, 'logout')));
  await trial.close();
  const before = sizeOf(path);
  t.true(before > 20 * mebibyte);
  const database = (await loadDriver()).open(path);
  const { FreePages } = await import('../../../../src/stores/sqlite/file/free-pages.js');
  const pages = new FreePages(database);
  while (pages.giveBack());
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  t.true(sizeOf(path) < before / 3, `${before} to ${sizeOf(path)}`);
});

test.serial('a process that exits during a checkpoint ends with its own exit code, and damages nothing', async (t) => {
  const path = await freshPath(t);
  const next = randomNumbers(Date.now());
  for (let round = 0; round < stormSize(2, 100); round += 1) {
    const child = fork(heavyWriter, [path, String(400 + next(400))], { stdio: 'ignore' });
    t.deepEqual(await once(child, 'exit'), [3, null]);
  }
  t.deepEqual(await damageIn(path), []);
});

test.serial('a process that exits while its thread for checkpoints starts ends with its own exit code', async (t) => {
  const path = await freshPath(t);
  const database = (await loadDriver()).open(path);
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE row (id)');
  const next = randomNumbers(Date.now());
  const exits = async () => {
    const child = fork(startingThread, [path, String(next(80_000))], { stdio: 'ignore' });
    t.deepEqual(await once(child, 'exit'), [3, null]);
  };
  for (let round = 0; round < stormSize(3, 200); round += 1) await Promise.all([exits(), exits()]);
  database.close();
});

test.serial('writes are slowed while the log is larger than 64 MiB', async (t) => {
  const path = await freshPath(t);
  const database = (await loadDriver()).open(path);
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE row (id)');
  let size = 70 * mebibyte;
  const checkpointer = new Checkpointer(
    path,
    database,
    () => size,
    () => true,
  );
  checkpointer.committed(1_000);
  t.true(checkpointer.delay >= 5 && checkpointer.delay <= 50, `${checkpointer.delay}`);
  size = mebibyte;
  checkpointer.committed(2_000);
  t.is(checkpointer.delay, 0);
  await checkpointer.close();
  database.close();
});
