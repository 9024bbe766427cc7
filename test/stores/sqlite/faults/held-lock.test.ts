import { fork } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { valuesOf } from '../../../../src/conformance/trial.js';
import { eventually } from '../../../support/eventually.js';
import { programFile } from '../../../support/program.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial } from '../opened-trial.js';

const program = programFile(new URL('../nodes/lock-holder.js', import.meta.url));

test('while a stopped process holds the lock, writes fail after the time-out, reads succeed and the event loop runs; then writes succeed', async (t) => {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path, lockTimeout: 1_000 });
  const { id, secretHash } = await trial.login();
  const holder = fork(program, [path]);
  t.teardown(() => void holder.kill('SIGKILL'));
  await once(holder, 'message');
  holder.kill('SIGSTOP');
  let longestTurn = 0;
  let latest = performance.now();
  const counting = setInterval(() => {
    longestTurn = Math.max(longestTurn, performance.now() - latest);
    latest = performance.now();
  }, 5);
  const refusal = { code: 'STORE_UNAVAILABLE', message: /has held the lock of the database for more than 1000 ms/ };
  const failing = t.throwsAsync(trial.push(id, 'x'), refusal);
  t.is((await trial.store.get('default', id)).id, id);
  await failing;
  await t.throwsAsync(trial.store.authenticate('default', id, secretHash), refusal);
  await t.throwsAsync(trial.store.ping(), refusal);
  t.is((await trial.store.get('default', id)).undelivered, 0);
  clearInterval(counting);
  // A blocking wait would last for the whole time-out of 5 s.
  t.true(longestTurn < 2_500, `a turn of the event loop took ${longestTurn} ms`);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  while (true) {
    const isBack = await trial.push(id, 'y').then(
      () => true,
      () => false,
    );
    if (isBack) break;
  }
  t.is((await trial.store.get('default', id)).undelivered, 1);
  await trial.store.ping();
});

test('a process that is stopped within a transaction keeps writes elsewhere out for 5 s at first, and all resumes with it', async (t) => {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path });
  const { id } = await trial.login();
  const holder = fork(program, [path]);
  t.teardown(() => void holder.kill('SIGKILL'));
  await once(holder, 'message');
  holder.kill('SIGSTOP');
  // It reads this when it goes on.
  holder.send('release');
  const begun = performance.now();
  const refusal = { code: 'STORE_UNAVAILABLE', message: /has held the lock of the database for more than 5000 ms/ };
  const failing = t.throwsAsync(trial.push(id, 'refused'), refusal);
  t.is((await trial.store.get('default', id)).undelivered, 0);
  await failing;
  t.true(performance.now() - begun >= 5_000);
  t.is((await trial.store.get('default', id)).undelivered, 0, 'reads go on');
  const released = once(holder, 'message');
  holder.kill('SIGCONT');
  t.deepEqual(await released, ['released', undefined], 'it goes on, too');
  await eventually(() =>
    trial.push(id, 'accepted').then(
      () => true,
      () => false,
    ),
  );
  t.deepEqual(valuesOf(await trial.read(id, { reader: 'other' })), ['accepted']);
});
