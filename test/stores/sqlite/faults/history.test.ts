import { copyFileSync, existsSync, rmSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type Trial, valuesOf } from '../../../../src/conformance/trial.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial, trialOf } from '../opened-trial.js';

const ten = Array.from({ length: 10 }, (_each, index) => index + 1);

function copy(from: string, to: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(to + suffix, { force: true });
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
  }
}

async function change(path: string, sql: string): Promise<void> {
  const database = (await loadDriver()).open(path);
  database.exec(sql);
  database.close();
}

/** Prepares a client at offset 13, and a copy of the file at offset 10, which stands for a file that lost the rest. */
async function forgetful(t: ExecutionContext, durability: 'commit' | 'interval') {
  const path = await freshPath(t);
  const older = await freshPath(t);
  const trial = await openedTrial(t, { path, durability });
  const { id } = await trial.login();
  await trial.push(id, ...ten);
  const kept = await trial.read(id, { after: undefined });
  copy(path, older);
  await trial.push(id, 11, 12, 13);
  const sent = await trial.read(id);
  return { id, older, kept, sent };
}

async function isTold(t: ExecutionContext, trial: Trial, id: string, sent: Awaited<ReturnType<Trial['read']>>) {
  const since = await trial.read(id, { reader: 'other' });
  const batch = await trial.read(id, { after: sent, wait: 1_000 });
  t.deepEqual([valuesOf(batch), batch.reset], [valuesOf(since), true]);
  t.false((await trial.read(id, { after: batch })).reset, 'it is told once');
}

for (const pushes of [1, 3, 5]) {
  test(`with a copy of an older file, a client at offset 13 receives reset and all messages, with ${pushes} pushes since`, async (t) => {
    const { id, older, sent } = await forgetful(t, 'commit');
    const again = await openedTrial(t, { path: older });
    await again.push(id, ...Array.from({ length: pushes }, (_each, index) => `since ${index}`));
    await isTold(t, again, id, sent);
  });

  test(`after a crash of the machine under interval, a client at offset 13 receives reset and all messages, with ${pushes} pushes since`, async (t) => {
    const { id, older, sent } = await forgetful(t, 'interval');
    await change(older, "UPDATE history SET boot = 'the boot before'");
    const again = await openedTrial(t, { path: older, durability: 'interval' });
    await again.push(id, ...Array.from({ length: pushes }, (_each, index) => `since ${index}`));
    await isTold(t, again, id, sent);
  });
}

for (const durability of ['commit', 'interval'] as const) {
  test(`after a crash of the machine under interval, readers receive reset from a store with ${durability} even without a push`, async (t) => {
    const { id, older, kept } = await forgetful(t, 'interval');
    await change(older, "UPDATE history SET boot = 'the boot before'");
    const again = await openedTrial(t, { path: older, durability });
    const other = await openedTrial(t, { path: older, durability });
    const batch = await again.read(id, { after: kept, wait: 1_000 });
    t.deepEqual([valuesOf(batch), batch.reset], [ten, true]);
    t.false((await other.read(id, { after: batch })).reset, 'both processes are in one history');
  });
}

test('a clean stop and a killed process keep the history', async (t) => {
  const path = await freshPath(t);
  const killed = await freshPath(t);
  const trial = trialOf({ path, durability: 'interval' });
  await trial.store.open(trial);
  const { id } = await trial.login();
  await trial.push(id, 'a');
  const sent = await trial.read(id);
  copy(path, killed);
  await trial.close();
  for (const each of [path, killed]) {
    const again = await openedTrial(t, { path: each, durability: 'interval' });
    const batch = await again.read(id, { after: sent });
    t.deepEqual([batch.messages, batch.reset, batch.epoch], [[], false, sent.epoch]);
  }
});

test('a clean stop is still clean under the next boot; with commit every stop is clean', async (t) => {
  for (const durability of ['commit', 'interval'] as const) {
    const path = await freshPath(t);
    const trial = trialOf({ path, durability });
    await trial.store.open(trial);
    await trial.close();
    const database = (await loadDriver()).open(path);
    t.is(database.prepare('SELECT boot FROM history').get()?.[0], '', durability);
    database.close();
  }
});

test('a mailbox of an older history reports reset to each of its readers', async (t) => {
  const path = await freshPath(t);
  const trial = trialOf({ path, durability: 'interval' });
  await trial.store.open(trial);
  const { id } = await trial.login();
  await trial.push(id, 'a');
  const sent = await trial.read(id);
  await trial.close();
  await change(path, "UPDATE history SET boot = 'unsynced'");
  const again = await openedTrial(t, { path, durability: 'commit' });
  for (const reader of ['one', 'two']) {
    const batch = await again.read(id, { reader, after: sent });
    t.deepEqual([valuesOf(batch), batch.reset], [['a'], true]);
  }
});
