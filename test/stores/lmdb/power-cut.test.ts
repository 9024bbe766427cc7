import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Environment } from '../../../src/stores/lmdb/engine/environment.js';
import type { EngineSettings } from '../../../src/stores/lmdb/wire.js';
import { freshPlace } from './fresh-place.js';

const pageSize = 4_096;
const boot = 'the boot before';

function settingsOf(path: string, node: string): EngineSettings {
  const rest = { context: {}, flushInterval: 1_000, mapSize: undefined, lookInterval: 250 };
  return { path, node, durability: 'interval', ...rest };
}

/** A deterministic source of numbers below `limit`. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * limit);
  };
}

/** Writes, writes over and removes rows of all sizes, in many transactions: pages are given up and used again. */
function churn(environment: Environment, next: (limit: number) => number, transactions: number): void {
  for (let each = 0; each < transactions; each += 1) {
    environment.transact(() => {
      for (let row = 0; row < 10; row += 1) {
        const key = `key-${next(400)}`;
        if (next(4) === 0) environment.tables.accounts.remove(key);
        else environment.tables.accounts.put(key, `${next(1_000_000)}-${'x'.repeat(next(3_000))}`);
      }
    });
  }
}

function rowsOf(environment: Environment): Map<string, string> {
  environment.refresh();
  const rows = new Map<string, string>();
  for (const { key, value } of environment.tables.accounts.getRange({ start: '' })) rows.set(key, value);
  return rows;
}

function recordsIn(path: string): readonly string[] {
  return readdirSync(path).filter((name) => name.startsWith('flushed-'));
}

/** What a disk may hold after the power went: of each page what was flushed at last, or anything written since. */
function afterPowerCut(flushed: Buffer, latest: Buffer, next: (limit: number) => number): Buffer {
  const disk = Buffer.from(latest);
  for (let page = 0; page < flushed.length; page += pageSize) {
    if (next(2) === 0) flushed.copy(disk, page, page, page + pageSize);
  }
  for (let page = flushed.length; page < disk.length; page += pageSize) {
    if (next(2) === 0) disk.fill(0, page, page + pageSize);
  }
  return disk;
}

async function cutAndReopen(
  t: ExecutionContext,
  from: string,
  disk: Buffer,
  expected: ReadonlyMap<string, string>,
): Promise<void> {
  const { path } = await freshPlace(t);
  for (const name of recordsIn(from)) copyFileSync(join(from, name), join(path, name));
  writeFileSync(join(path, 'data.mdb'), disk);
  const environment = new Environment(settingsOf(path, 'after'), 'the boot after');
  t.deepEqual(rowsOf(environment), expected);
  churn(environment, numbers(1), 20);
  await environment.close();
  t.deepEqual(recordsIn(path), []);
}

test('under interval a power cut loses what came after the last flush, and never damages anything', async (t) => {
  const next = numbers(20_251_121);
  const { path } = await freshPlace(t);
  const environment = new Environment(settingsOf(path, 'before'), boot);
  churn(environment, next, 100);
  for (let round = 0; round < 8; round += 1) {
    churn(environment, next, 30);
    await environment.flush();
    const expected = rowsOf(environment);
    const flushed = readFileSync(join(path, 'data.mdb'));
    churn(environment, next, 5 + round * 20);
    t.notDeepEqual(rowsOf(environment), expected);
    const latest = readFileSync(join(path, 'data.mdb'));
    for (let cut = 0; cut < 3; cut += 1) {
      await cutAndReopen(t, path, afterPowerCut(flushed, latest, next), expected);
    }
  }
  await environment.close();
});

test('what a killed process had flushed last stays whole as long as others go on without it', async (t) => {
  const next = numbers(7);
  const { path } = await freshPlace(t);
  const survivor = new Environment(settingsOf(path, 'survivor'), boot);
  churn(survivor, next, 60);
  await survivor.flush();
  const victim = new Environment(settingsOf(path, 'victim'), boot);
  churn(victim, next, 30);
  await victim.flush();
  const expected = rowsOf(victim);
  const flushed = readFileSync(join(path, 'data.mdb'));
  const record = readFileSync(join(path, 'flushed-victim'));
  // It lets go of its state, as the system does for one that was killed; its record stays.
  await victim.close();
  writeFileSync(join(path, 'flushed-victim'), record);
  churn(survivor, next, 200);
  const latest = readFileSync(join(path, 'data.mdb'));
  for (let cut = 0; cut < 3; cut += 1) await cutAndReopen(t, path, afterPowerCut(flushed, latest, next), expected);
  await survivor.close();
});

test('in the same run of the system nothing is undone, though every process was killed', async (t) => {
  const next = numbers(3);
  const { path } = await freshPlace(t);
  const environment = new Environment(settingsOf(path, 'killed'), boot);
  churn(environment, next, 30);
  await environment.flush();
  churn(environment, next, 30);
  const expected = rowsOf(environment);
  const copy = (await freshPlace(t)).path;
  for (const name of ['data.mdb', ...recordsIn(path)]) copyFileSync(join(path, name), join(copy, name));
  const later = new Environment(settingsOf(copy, 'later'), boot);
  t.deepEqual(rowsOf(later), expected);
  await later.close();
  await environment.close();
});

test('a record that was cut short is none', async (t) => {
  const { path } = await freshPlace(t);
  const environment = new Environment(settingsOf(path, 'only'), boot);
  churn(environment, numbers(5), 20);
  const expected = rowsOf(environment);
  await environment.close();
  writeFileSync(join(path, 'flushed-cut'), '{"pid":1,"boot":"another","sha256":"ab');
  const later = new Environment(settingsOf(path, 'later'), 'the boot after');
  t.deepEqual(rowsOf(later), expected);
  await later.close();
});
