import { open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { app, outgoing, valuesOf } from '../../../src/conformance/trial.js';
import { rounds } from '../../support/limits.js';
import { SnapshotFolder } from './snapshot-fixture.js';

const megabyte = 1_048_576;

test('a snapshot is written and read in pieces: neither its text nor its bytes are completely in memory at any time', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const worker = new Worker(new URL('./snapshot-stream-worker.js', import.meta.url), {
    workerData: { path: folder.path, count: 120_000 },
    resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 16 },
  });
  const report = await new Promise<{ size: number; written: number; read: number }>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker ended without an answer')));
  });
  t.true(report.size > 110 * megabyte, 'several times the heap it was given');
  t.true(report.written < 16 * megabyte, `buffers of ${report.written} bytes while writing`);
  t.true(report.read < report.size / 2, `buffers of ${report.read} bytes while reading`);
});

test('many sessions with messages are written and restored completely', async (t) => {
  const count = rounds({ sample: 40_000, full: 200_000 });
  const accounts = count * 0.35;
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const { store } = before;
  const message = outgoing({ text: 'x'.repeat(40) });
  const ids: string[] = [];
  for (let each = 0; each < count; each += 1) {
    const session = before.newSession(`account-${each % accounts}`);
    ids.push(session.id);
    void store.insert(session);
    if (each % 2 === 0) void store.append(app, session.id, message);
    if (each % 1_000 === 0) await before.pass(1);
  }
  await before.close();
  const file = await open(folder.path);
  const { buffer } = await file.read(Buffer.alloc(200), 0, 200, 0);
  await file.close();
  t.regex(
    buffer.toString(),
    new RegExp(`^\\{"format":"session-mailbox snapshot","version":2,"records":${count},"time":\\{"now":\\d+\\}\\}\\n`),
  );

  const after = await folder.start();
  t.deepEqual(folder.warnings, []);
  t.is(await after.store.countActiveAccounts(app, 1_000_000), accounts);
  const sample = ids.filter((_id, index) => index % 997 === 0);
  for (const id of sample) {
    const { undelivered } = await after.store.get(app, id);
    t.is(undelivered, ids.indexOf(id) % 2 === 0 ? 1 : 0);
  }
  t.deepEqual(valuesOf(await after.read(ids[0] ?? '')), [{ text: 'x'.repeat(40) }]);
  let expired = 0;
  await after.pass(100_000);
  for (let more = true; more; ) {
    const slice = await after.store.sweep(10_000);
    expired += slice.items.length;
    ({ more } = slice);
  }
  t.is(expired, count);
});
