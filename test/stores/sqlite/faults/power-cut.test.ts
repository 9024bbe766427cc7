import fs, { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { freshPath } from '../create-sqlite-store.js';
import type { Promised } from '../nodes/writers.js';
import { openedTrial, trialOf } from '../opened-trial.js';
import { randomNumbers, stormSize } from '../storm-size.js';
import { brokenPromises, damageIn } from '../verify.js';

const blockSize = 4_096;
/** Bytes of a log from which on the store makes a checkpoint, for which SQLite itself syncs the log. */
const smallestCheckpointedLog = 4 * 1_048_576;

/** The part of the log that the disk holds for certain: what was written before the latest completed sync began. */
class SyncedLog {
  readonly #path: string;
  #bytes: Buffer;

  constructor(path: string) {
    this.#path = path;
    this.#bytes = readFileSync(path);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Updates the bytes at every `fdatasync` of this process. @returns a function that ends this */
  watch(): () => void {
    const real = fs.fdatasync;
    const watched: typeof real = Object.assign(
      (descriptor: number, callback: fs.NoParamCallback) => {
        const written = readFileSync(this.#path);
        real(descriptor, (error) => {
          if (error === null) this.#bytes = written;
          callback(error);
        });
      },
      { __promisify__: real.__promisify__ },
    );
    fs.fdatasync = watched;
    syncBuiltinESMExports();
    return () => {
      fs.fdatasync = real;
      syncBuiltinESMExports();
    };
  }
}

/** Returns what the disk may hold after a power cut: for each block either the synced content or a later one. */
function afterPowerCut(synced: Buffer, latest: Buffer, next: (limit: number) => number): Buffer {
  const keptPrefix = synced.length + next(latest.length - synced.length + 1);
  const disk = Buffer.from(latest.subarray(0, next(2) === 0 ? keptPrefix : latest.length));
  for (let at = 0; at < disk.length; at += blockSize) {
    if (next(3) > 0) continue;
    const end = Math.min(at + blockSize, disk.length);
    disk.fill(0, Math.max(at, Math.min(synced.length, end)), end);
    if (at < synced.length) synced.copy(disk, at, at, Math.min(end, synced.length));
  }
  return disk;
}

/**
 * Copies the store to the state that a power cut leaves.
 * @throws Error if the log is so large that a checkpoint may have synced it without this process knowing
 * @returns the path of the copy
 */
function cutPower(path: string, name: string, synced: Buffer, next: (limit: number) => number): string {
  const latest = readFileSync(`${path}-wal`);
  if (latest.length >= smallestCheckpointedLog)
    throw new Error(`the log is too large for this test: ${latest.length} bytes`);
  const place = join(dirname(path), name);
  mkdirSync(place, { mode: 0o700 });
  const copy = join(place, 'sessions.db');
  copyFileSync(path, copy);
  fs.chmodSync(copy, 0o600);
  writeFileSync(`${copy}-wal`, afterPowerCut(synced, latest, next), { mode: 0o600 });
  return copy;
}

/** Writes, and cuts the power a few times, but not so often that a checkpoint moves the log into the database. */
async function writeAndCut(t: ExecutionContext, next: (limit: number) => number): Promise<void> {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path });
  const log = new SyncedLog(`${path}-wal`);
  const endWatch = log.watch();
  t.teardown(endWatch);
  const promises = new Map<string, Promised>();
  const write = async (lane: number, enough: number) => {
    while (promises.size < enough) {
      const { id, secretHash } = await trial.login(`account-${lane}`);
      const promised: Promised = { id, secretHash, pushed: 0, closing: 'no' };
      promises.set(id, promised);
      await trial.push(id, 'a');
      promised.pushed = 1;
    }
  };
  for (let cut = 0; cut < 12; cut += 1) {
    const enough = promises.size + 1 + next(8);
    // The lanes continue for a moment, so that the cut happens among calls that are not acknowledged yet.
    const lanes = Array.from({ length: 4 }, (_, lane) => write(lane, enough + 4));
    while (promises.size < enough) await new Promise((resolve) => setImmediate(resolve));
    // Taken at the same moment: the acknowledged writes, the synced log, and the written log.
    const acknowledged = [...promises.values()].map((promised) => ({ ...promised }));
    const copy = cutPower(path, `cut-${cut}`, log.bytes, next);
    await Promise.all(lanes);
    t.deepEqual(await brokenPromises(copy, acknowledged), [], `cut ${cut}`);
    t.deepEqual(await damageIn(copy), []);
  }
  endWatch();
  await trial.store.close();
}

/** Like `writeAndCut`, under `interval`: some acknowledged writes may be missing, but only the latest. */
async function writeAndCutUnderInterval(t: ExecutionContext, next: (limit: number) => number): Promise<void> {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path, durability: 'interval', syncInterval: 10 });
  const log = new SyncedLog(`${path}-wal`);
  const endWatch = log.watch();
  t.teardown(endWatch);
  const ids: string[] = [];
  for (let cut = 0; cut < 6; cut += 1) {
    for (let each = 0; each < 15; each += 1) ids.push((await trial.login(`account-${each % 3}`)).id);
    const copy = cutPower(path, `cut-${cut}`, log.bytes, next);
    const after = trialOf({ path: copy });
    await after.store.open(after);
    const isKept = await Promise.all(
      ids.map((id) =>
        after.store.get('default', id).then(
          () => true,
          () => false,
        ),
      ),
    );
    const kept = isKept.filter((each) => each).length;
    t.true(
      isKept.slice(0, kept).every((each) => each),
      `cut ${cut}: only a tail is missing`,
    );
    await after.store.close();
    t.deepEqual(await damageIn(copy), []);
  }
  endWatch();
}

test.serial('under commit a power cut loses no acknowledged write', async (t) => {
  const next = randomNumbers(20_251_125);
  for (let round = 0; round < stormSize(1, 40); round += 1) await writeAndCut(t, next);
});

test.serial('under interval a power cut loses only the latest writes', async (t) => {
  const next = randomNumbers(7);
  for (let round = 0; round < stormSize(1, 20); round += 1) await writeAndCutUnderInterval(t, next);
});
