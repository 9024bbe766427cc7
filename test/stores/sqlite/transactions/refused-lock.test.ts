import test from 'ava';
import { resultCodes, SqliteFault } from '../../../../src/stores/sqlite/driver/sqlite-fault.js';
import { TransactionQueue } from '../../../../src/stores/sqlite/transactions/transaction-queue.js';
import { noScope, stageFor } from './queue-stage.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a lock that may be free is tried immediately, and an attempt that is too early changes nothing', async (t) => {
  const { queue, scope, other, add, numbers } = await stageFor(t);
  queue.lockMayBeFree();
  other.exec('BEGIN IMMEDIATE');
  const added = queue.run('change', () => add(1));
  queue.lockMayBeFree();
  await turn();
  queue.lockMayBeFree();
  t.deepEqual(scope.log, [], 'the lock was refused');
  other.exec('COMMIT');
  queue.lockMayBeFree();
  t.deepEqual(scope.log, ['write', 'committed'], 'within the call');
  await added;
  const refusedAttempt = performance.now() + 5;
  while (performance.now() < refusedAttempt) await turn();
  t.deepEqual(scope.log, ['write', 'committed'], 'the attempt that was planned before is void');
  await queue.run('change', () => add(2));
  t.deepEqual(numbers(), [1, 2]);
});

test('while another connection holds the lock, looks are served and writes wait without blocking', async (t) => {
  const { queue, other, add, numbers } = await stageFor(t);
  other.exec('BEGIN IMMEDIATE');
  let isWritten = false;
  const writing = queue
    .run('change', () => add(1))
    .then(() => {
      isWritten = true;
    });
  t.deepEqual(await queue.run('look', numbers), []);
  t.false(isWritten);
  other.exec('COMMIT');
  await writing;
  t.deepEqual(await queue.run('look', numbers), [1]);
});

test('when a lock is not released, writes fail after the time-out and looks are served; after its release writes succeed again', async (t) => {
  const { queue, other, add, numbers } = await stageFor(t, 100);
  other.exec('BEGIN IMMEDIATE');
  const refusal = { code: 'STORE_UNAVAILABLE', message: /held the lock of the database for more than 100 ms/ };
  await t.throwsAsync(
    queue.run('change', () => add(1)),
    refusal,
  );
  t.deepEqual(await queue.run('look', numbers), []);
  await t.throwsAsync(
    queue.run('contact', () => add(2)),
    refusal,
  );
  other.exec('COMMIT');
  // The next write may still fail with an attempt that is in progress.
  while (true) {
    const isBack = await queue
      .run('change', () => add(3))
      .then(
        () => true,
        () => false,
      );
    if (isBack) break;
  }
  t.deepEqual(await queue.run('look', numbers), [3]);
});

test('steps that were tried alone and were refused the lock keep their place', async (t) => {
  const order: string[] = [];
  let attempts = 0;
  const scope = {
    ...noScope,
    beginWrite: () => {
      attempts += 1;
      if (attempts === 3) throw new SqliteFault('database is locked', resultCodes.busy, undefined);
    },
  };
  const queue = new TransactionQueue(scope, { lockTimeout: 60_000, longestTransaction: 60_000 });
  let isBroken = true;
  const step = (name: string) =>
    queue.run('change', () => {
      if (name === 'four' && isBroken) {
        isBroken = false;
        throw new Error('broken');
      }
      order.push(name);
    });
  await Promise.all(['one', 'two', 'three', 'four', 'five'].map(step));
  t.deepEqual(order, ['one', 'two', 'three', 'one', 'two', 'three', 'four', 'five']);
});

test('looks that are refused the lock are tried again after a pause', async (t) => {
  let attempts = 0;
  const refuse = () => {
    attempts += 1;
    throw new SqliteFault('database is locked', resultCodes.busy, undefined);
  };
  const scope = { ...noScope, beginWrite: refuse, beginRead: refuse };
  const queue = new TransactionQueue(scope, { lockTimeout: 300 });
  await t.throwsAsync(
    queue.run('look', () => 1),
    { code: 'STORE_UNAVAILABLE' },
  );
  t.true(attempts <= 320, `${attempts} attempts`);
});
