import test from 'ava';
import { SnapshotProgress } from '../../../src/stores/memory/snapshot-progress.js';
import { SnapshotFolder } from './snapshot-fixture.js';

/** Makes each call of `performance.now` return `step` milliseconds more than the last, until the test ends. */
function turnClock(t: { teardown(restore: () => void): void }, step: number): void {
  const original = performance.now;
  let now = 0;
  performance.now = () => {
    now += step;
    return now;
  };
  t.teardown(() => {
    performance.now = original;
  });
}

test.serial('work of less than a second is not reported', (t) => {
  const lines: string[] = [];
  turnClock(t, 1);
  const progress = new SnapshotProgress('Working', 10, (text) => lines.push(text));
  for (let done = 1; done <= 10; done += 1) progress.advanceTo(done);
  progress.finish(10);
  t.deepEqual(lines, []);
});

test.serial('longer work is reported once a second, and at its end with its duration', (t) => {
  const lines: string[] = [];
  turnClock(t, 400);
  const progress = new SnapshotProgress('Working', 7, (text) => lines.push(text));
  for (let done = 1; done <= 6; done += 1) progress.advanceTo(done);
  progress.finish(7);
  t.deepEqual(lines, ['Working: 3 of 7', 'Working: 6 of 7', 'Working: 7 of 7, done in 2.8 s']);
});

test.serial('a long write and a long restore are reported', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const trial = await folder.start();
  for (let each = 0; each < 1_200; each += 1) await trial.login(`account-${each}`, { userAgent: 'x'.repeat(512) });
  turnClock(t, 600);
  await trial.close();
  t.true(folder.progress.some((line) => /^Writing the session snapshot: \d+ of 1200$/.test(line)));
  t.true(folder.progress.some((line) => /^Writing the session snapshot: 1200 of 1200, done in [\d.]+ s$/.test(line)));
  folder.progress.length = 0;
  await folder.start();
  t.true(folder.progress.some((line) => /^Restoring the session snapshot: \d+ of 1200$/.test(line)));
  t.true(folder.progress.some((line) => /^Restoring the session snapshot: 1200 of 1200, done in [\d.]+ s$/.test(line)));
});

test.serial('a short write and a short restore are not reported', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const trial = await folder.start();
  await trial.login();
  turnClock(t, 0);
  await trial.close();
  await folder.start();
  t.deepEqual(folder.progress, []);
});
