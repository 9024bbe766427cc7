import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { SnapshotFile } from '../../../src/stores/memory/snapshot-file.js';

// Runs with a heap that is far smaller than the file that it writes and reads.

const { path, count } = workerData as { path: string; count: number };
const file = new SnapshotFile({ path, warn: () => {}, report: () => {} });
let mostBytes = 0;

function look(): void {
  mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers);
}

function* records(): Generator<unknown> {
  const filling = 'x'.repeat(900);
  for (let index = 0; index < count; index += 1) {
    if (index % 1_000 === 0) look();
    yield { index, filling, hash: createHash('sha256').update(String(index)).digest('hex') };
  }
}

await file.write(records(), count, { now: 0 });
const bytesBefore = mostBytes;
let next = 0;
await file.read((record) => {
  assert.equal((record as { index: number }).index, next);
  if (next % 1_000 === 0) look();
  next += 1;
});
assert.equal(next, count);
parentPort?.postMessage({ size: (await stat(path)).size, written: bytesBefore, read: mostBytes });
