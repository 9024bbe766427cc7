import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pauseFor } from 'node:timers/promises';
import workers from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { SessionManager, sessionModule } from '../../../../src/index.js';
import type { Database } from '../../../../src/stores/sqlite/driver/database.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { sqliteStore } from '../../../../src/stores/sqlite/index.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial, trialOf } from '../opened-trial.js';

async function connect(t: ExecutionContext, path: string): Promise<Database> {
  const database = (await loadDriver()).open(path);
  t.teardown(() => database.close());
  return database;
}

test.serial('when no thread can be started, the process continues and the store can be closed', async (t) => {
  const real = workers.Worker;
  t.teardown(() => {
    workers.Worker = real;
    syncBuiltinESMExports();
  });
  workers.Worker = class {
    constructor() {
      throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    }
  } as unknown as typeof real;
  syncBuiltinESMExports();
  const trial = trialOf({ path: await freshPath(t), durability: 'interval' });
  await trial.store.open(trial);
  const text = JSON.stringify('x'.repeat(60_000));
  for (let each = 0; each < 120; each += 1) await trial.login('alice', { attributes: { text } });
  await t.notThrowsAsync(trial.store.close());
});

test.serial('a closeApp in progress settles when the service stops', async (t) => {
  const container = new Container();
  container.load(sessionModule({ maxSession: 0 }, sqliteStore({ path: await freshPath(t) })));
  const manager = await container.getAsync(SessionManager);
  await Promise.all(Array.from({ length: 1_000 }, (_, each) => manager.createSession(`account-${each}`)));
  const ending = manager.closeApp().catch((error) => error.code);
  await container.unbindAllAsync();
  t.not(await Promise.race([ending, pauseFor(3_000, 'never')]), 'never');
});

test.serial('while another process holds the lock, any number of concurrent looks is served', async (t) => {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path, lockTimeout: 100 });
  const { id } = await trial.login();
  const database = await connect(t, path);
  database.exec('BEGIN IMMEDIATE');
  await t.throwsAsync(trial.login(), { code: 'STORE_UNAVAILABLE' });
  const looks = await Promise.allSettled(Array.from({ length: 3_000 }, () => trial.store.get('default', id)));
  database.exec('ROLLBACK');
  t.is(looks.filter(({ status }) => status === 'rejected').length, 0);
});

test.serial('a write that is acknowledged after the log was removed is in the file', async (t) => {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path, lookInterval: 10 });
  await trial.login();
  rmSync(`${path}-wal`);
  await pauseFor(200);
  const id = await trial.login().then(
    (login) => login.id,
    () => undefined,
  );
  // The file as a crash would leave it.
  const left = join(dirname(path), 'left.db');
  copyFileSync(path, left);
  const again = await openedTrial(t, { path: left });
  if (id !== undefined) await t.notThrowsAsync(again.store.get('default', id));
  else t.pass();
});

test.serial('a database of another program is refused and left unchanged, byte for byte', async (t) => {
  const path = await freshPath(t);
  const database = (await loadDriver()).open(path);
  database.exec('CREATE TABLE theirs (id); INSERT INTO theirs VALUES (1)');
  database.close();
  chmodSync(path, 0o600);
  const before = readFileSync(path);
  const trial = trialOf({ path });
  await t.throwsAsync(trial.store.open(trial), { message: /another program/ });
  t.true(readFileSync(path).equals(before));
});

test.serial(
  'a mailbox that was read under an older history is not written as one of the current history',
  async (t) => {
    const path = await freshPath(t);
    const one = await openedTrial(t, { path });
    const [kept, old] = [await one.login(), await one.login()];
    await one.push(kept.id, 'a');
    const sent = await one.read(kept.id);
    await one.read(kept.id, { after: sent, wait: 1 });
    await one.read(old.id);
    // Another process renewed the history after its disk failed, and has used the session `old` since.
    (await connect(t, path)).exec(`UPDATE history SET tag = 'another'`);
    const other = await openedTrial(t, { path });
    await other.read(old.id);
    await pauseFor(1_100);
    await one.store.replace('default', kept.id, old.id);
    t.true((await other.read(kept.id, { after: { ...sent } })).reset);
  },
);

test.serial('a database behind a symbolic link can be opened', async (t) => {
  const path = await freshPath(t);
  const trial = trialOf({ path });
  await trial.store.open(trial);
  const { id } = await trial.login();
  await trial.close();
  const folder = join(dirname(path), 'linked');
  mkdirSync(folder, { mode: 0o700 });
  const link = join(folder, basename(path));
  symlinkSync(path, link);
  const linked = await openedTrial(t, { path: link });
  t.is((await linked.store.get('default', id)).id, id);
});
