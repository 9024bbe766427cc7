import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SessionError } from '../../../src/index.js';
import { SnapshotLock } from '../../../src/stores/memory/snapshot-lock.js';
import { rounds } from '../../support/limits.js';
import { ServiceProcess } from '../nodes/service-process.js';

const refusal = { code: 'STORE_UNAVAILABLE', message: /snapshot .* is in use by another process/ } as const;

async function newFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snapshot-lock-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function settingsFor(folder: string) {
  return { context: {}, options: { memory: { snapshot: { path: join(folder, 'sessions') } } } };
}

test('a second process with the same snapshot is refused until the first has stopped; no session is lost', async (t) => {
  const folder = await newFolder(t);
  const first = await ServiceProcess.start(t, settingsFor(folder));
  const { id, token } = await first.do('create', 'alice');
  await t.throwsAsync(ServiceProcess.start(t, settingsFor(folder)), refusal);
  t.is(await first.do('authenticate', token), id);
  await first.do('stop');
  t.deepEqual(await readdir(folder), ['sessions'], 'nothing is left beside the snapshot');
  const second = await ServiceProcess.start(t, settingsFor(folder));
  t.is(await second.do('authenticate', token), id);
});

test('a process that is stopped by a signal keeps its lock; the lock of a killed process is free immediately', async (t) => {
  const folder = await newFolder(t);
  const holder = await ServiceProcess.start(t, settingsFor(folder));
  holder.signal('SIGSTOP');
  await t.throwsAsync(ServiceProcess.start(t, settingsFor(folder)), refusal);
  await holder.kill('SIGKILL');
  t.is((await readdir(folder)).length, 1, 'the name of its socket is left behind');
  const next = await ServiceProcess.start(t, settingsFor(folder));
  t.is((await readdir(folder)).length, 1, 'only that of the new process is there');
  await next.do('stop');
  t.deepEqual(await readdir(folder), ['sessions']);
});

test('of several that request the lock at the same time at most one gets it, even if an old lock was left behind', async (t) => {
  const folder = await newFolder(t);
  const killed = await ServiceProcess.start(t, settingsFor(folder));
  await killed.kill();
  const path = join(folder, 'sessions');
  for (let round = 0; round < rounds({ sample: 8, full: 500 }); round += 1) {
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => SnapshotLock.acquire(path)));
    const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    t.true(locks.length <= 1, `${locks.length} have the lock`);
    for (const result of results) {
      if (result.status === 'rejected')
        t.true(SessionError.is(result.reason, 'STORE_UNAVAILABLE'), String(result.reason));
    }
    for (const lock of locks) await lock.release();
    const alone = await SnapshotLock.acquire(path);
    await alone.release();
  }
  t.deepEqual(await readdir(folder), []);
});

test('snapshots in the same folder have separate locks, even with long names', async (t) => {
  const folder = join(await newFolder(t), 'x'.repeat(200));
  const locks = await Promise.all(['a', 'ab', 'a.lock'].map((name) => SnapshotLock.acquire(join(folder, name))));
  for (const lock of locks) await lock.release();
  t.deepEqual(await readdir(folder), []);
});
