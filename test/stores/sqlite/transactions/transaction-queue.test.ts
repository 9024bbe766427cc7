import test from 'ava';
import { sessionUnknown } from '../../../../src/errors/session-error.js';
import { stageFor } from './queue-stage.js';

test('the steps of one turn of the event loop share a transaction', async (t) => {
  const { queue, scope, add, numbers } = await stageFor(t);
  await Promise.all([1, 2, 3].map((number) => queue.run('change', () => add(number))));
  t.deepEqual(scope.log, ['write', 'committed']);
  t.deepEqual(numbers(), [1, 2, 3]);
});

test('looks alone take no write lock, and see what was committed', async (t) => {
  const { queue, scope, other, numbers } = await stageFor(t);
  other.exec('INSERT INTO number VALUES (7); BEGIN IMMEDIATE');
  t.deepEqual(await queue.run('look', numbers), [7]);
  t.deepEqual(scope.log, ['read', 'committed']);
  other.exec('COMMIT');
});

test('a refused step fails alone', async (t) => {
  const { queue, scope, add, numbers } = await stageFor(t);
  const outcomes = await Promise.allSettled([
    queue.run('change', () => add(1)),
    queue.run('change', () => {
      throw sessionUnknown();
    }),
    queue.run('change', () => add(3)),
  ]);
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.deepEqual(scope.log, ['write', 'committed']);
  t.deepEqual(numbers(), [1, 3]);
});

test('any other error rolls back the transaction, and each of its steps is tried again alone', async (t) => {
  const { queue, scope, add, numbers } = await stageFor(t);
  let tries = 0;
  const outcomes = await Promise.allSettled([
    queue.run('change', () => add(1)),
    queue.run('change', () => {
      add(2);
      tries += 1;
      throw new Error('broken');
    }),
    queue.run('change', () => add(3)),
  ]);
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.is(tries, 2);
  t.deepEqual(numbers(), [1, 3]);
  t.is(scope.log.filter((entry) => entry === 'undone').length, 2);
});

test('a transaction ends after a few milliseconds, and the remaining steps go into the next one', async (t) => {
  const { queue, scope, add, numbers } = await stageFor(t, 60_000, 2);
  const slowly = (number: number) => () => {
    const until = performance.now() + 2;
    while (performance.now() < until);
    add(number);
  };
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 1);
  await Promise.all(Array.from({ length: 20 }, (_, number) => queue.run('change', slowly(number))));
  clearInterval(counting);
  t.true(scope.log.filter((entry) => entry === 'write').length >= 10);
  t.true(turns >= 5, 'other work went on in between');
  t.is(numbers().length, 20);
});

test('a change is acknowledged when it is durable, a contact when it is committed', async (t) => {
  const { queue, scope, add } = await stageFor(t);
  let makeDurable = () => {};
  scope.durability = new Promise<void>((resolve) => {
    makeDurable = resolve;
  });
  const told: string[] = [];
  const change = queue.run('change', () => add(1)).then(() => told.push('change'));
  await queue.run('contact', () => add(2)).then(() => told.push('contact'));
  t.deepEqual(told, ['contact']);
  makeDurable();
  await change;
  t.deepEqual(told, ['contact', 'change']);
});

test('a change that could not be made durable fails', async (t) => {
  const { queue, scope, add } = await stageFor(t);
  scope.durability = Promise.reject(new Error('the disk failed'));
  await t.throwsAsync(
    queue.run('change', () => add(1)),
    { code: 'STORE_UNAVAILABLE', message: 'the disk failed' },
  );
  await t.notThrowsAsync(queue.run('contact', () => add(2)));
});

test('an error at the beginning of a transaction fails every waiting step', async (t) => {
  const { queue, scope, add } = await stageFor(t);
  scope.beginWrite = () => {
    throw new Error('the file is gone');
  };
  const outcomes = await Promise.allSettled([1, 2].map((number) => queue.run('change', () => add(number))));
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('a step that is requested while the steps of a rolled back transaction are tried again is served as well', async (t) => {
  const { queue, scope, add } = await stageFor(t);
  const later: Promise<unknown>[] = [];
  // Like a listener that reads the mailbox when it is notified of a message.
  scope.committed = () => {
    if (later.length < 2) later.push(queue.run('look', () => later.length));
  };
  const broken = () => {
    throw new Error('broken');
  };
  await Promise.allSettled([
    queue.run('change', () => add(1)),
    queue.run('change', broken),
    queue.run('change', () => add(2)),
  ]);
  t.is((await Promise.all(later)).length, 2);
});
