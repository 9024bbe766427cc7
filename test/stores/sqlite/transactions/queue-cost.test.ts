import test from 'ava';
import { resultCodes, SqliteFault } from '../../../../src/stores/sqlite/driver/sqlite-fault.js';
import { Step } from '../../../../src/stores/sqlite/transactions/step.js';
import { TransactionQueue } from '../../../../src/stores/sqlite/transactions/transaction-queue.js';
import { WaitingSteps } from '../../../../src/stores/sqlite/transactions/waiting-steps.js';
import { CountedSteps, noScope } from './queue-stage.js';

const noWork = (): void => {};

test('the cost of a transaction does not grow with the number of waiting steps', async (t) => {
  const most = 20_000;
  const waiting = new CountedSteps();
  // Each step gets its own transaction.
  const queue = new TransactionQueue(noScope, { lockTimeout: 60_000, longestTransaction: 0 }, waiting);
  const done: number[] = [];
  const calls = Array.from({ length: most }, (_, number) => {
    return queue.run(number % 3 === 0 ? 'look' : 'change', () => done.push(number));
  });
  await Promise.all(calls);
  t.deepEqual(done, [...calls.keys()], 'in the order in which they were asked for');
  t.true(waiting.moves <= 3 * most, `${waiting.moves} moves`);
});

test('while the lock is refused, looks among many writes are served without moving the writes', async (t) => {
  const waiting = new CountedSteps();
  let isFree = false;
  const scope = {
    ...noScope,
    beginWrite: () => {
      if (!isFree) throw new SqliteFault('database is locked', resultCodes.busy, undefined);
    },
  };
  const queue = new TransactionQueue(scope, { lockTimeout: 60_000 }, waiting);
  const writes = Array.from({ length: 1_000 }, (_, number) => queue.run('change', () => number));
  const before = waiting.moves;
  for (let look = 0; look < 10; look += 1) t.is(await queue.run('look', () => look), look);
  // Each look is added and taken, and then the end of the list is reached.
  t.true(waiting.moves - before <= 30, `${waiting.moves - before} moves`);
  isFree = true;
  t.deepEqual(await Promise.all(writes), [...writes.keys()]);
});

test('a step that was taken refers to no later step, so that V8 can collect each on its own', (t) => {
  const waiting = new WaitingSteps();
  const steps = [1, 2, 3].map(() => new Step('change', noWork, noWork, noWork));
  for (const step of steps) waiting.add(step);
  const [first, second] = [waiting.takeNext(), waiting.takeNext()];
  t.deepEqual([first, second], steps.slice(0, 2));
  t.deepEqual([first?.next, second?.next], [undefined, undefined]);
  if (second !== undefined) waiting.putBack([second]);
  t.is(second?.next, steps[2]);
  t.is(waiting.takeNext(), second);
  t.is(second?.next, undefined);
});
