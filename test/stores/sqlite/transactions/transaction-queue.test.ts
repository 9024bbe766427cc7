import test, { type ExecutionContext } from 'ava';
import { SessionError, sessionUnknown } from '../../../../src/errors/session-error.js';
import type { Database } from '../../../../src/stores/sqlite/driver/database.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { resultCodes, SqliteFault } from '../../../../src/stores/sqlite/driver/sqlite-fault.js';
import { Step } from '../../../../src/stores/sqlite/transactions/step.js';
import {
  TransactionQueue,
  type TransactionScope,
} from '../../../../src/stores/sqlite/transactions/transaction-queue.js';
import { WaitingSteps } from '../../../../src/stores/sqlite/transactions/waiting-steps.js';
import { freshPath } from '../create-sqlite-store.js';

const driver = await loadDriver();
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A transaction scope over a table of numbers. */
class NumbersScope implements TransactionScope {
  readonly database: Database;
  readonly log: string[] = [];
  durability: Promise<void> = Promise.resolve();
  readonly isContended = false;

  constructor(database: Database) {
    this.database = database;
  }

  beginWrite(): void {
    this.database.exec('BEGIN IMMEDIATE');
    this.log.push('write');
  }

  beginRead(): void {
    this.database.exec('BEGIN');
    this.log.push('read');
  }

  commit(): void {
    this.database.exec('COMMIT');
  }

  rollback(): void {
    try {
      this.database.exec('ROLLBACK');
      this.log.push('undone');
    } catch {
      // No transaction had begun.
    }
  }

  committed(): void {
    this.log.push('committed');
  }

  durable(): Promise<void> {
    return this.durability;
  }

  errorOf(error: unknown): SessionError {
    const text = error instanceof Error ? error.message : String(error);
    return new SessionError('STORE_UNAVAILABLE', text, {});
  }

  pauseAfter(): number {
    return 0;
  }
}

interface Stage {
  readonly queue: TransactionQueue;
  readonly scope: NumbersScope;
  /** The connection of another process. */
  readonly other: Database;
  add(number: number): void;
  numbers(): readonly unknown[];
}

/** Counts how often a step is put into a list or taken out of it. */
class CountedSteps extends WaitingSteps {
  moves = 0;

  override add(step: Step): void {
    this.moves += 1;
    super.add(step);
  }

  override takeNext(): Step | undefined {
    this.moves += 1;
    return super.takeNext();
  }

  override takeLook(): Step | undefined {
    this.moves += 1;
    return super.takeLook();
  }

  override putBack(steps: readonly Step[]): void {
    this.moves += steps.length;
    super.putBack(steps);
  }
}

const noWork = (): void => {};

/** A scope whose transactions do nothing. */
const noScope: TransactionScope = {
  isContended: false,
  beginWrite: () => {},
  beginRead: () => {},
  commit: () => {},
  rollback: () => {},
  committed: () => {},
  durable: () => Promise.resolve(),
  errorOf: (error) => new SessionError('STORE_UNAVAILABLE', String(error), {}),
  pauseAfter: () => 0,
};

/** @param longestTransaction by default very long, because a busy machine may interrupt a transaction */
async function stageFor(t: ExecutionContext, lockTimeout = 60_000, longestTransaction = 60_000): Promise<Stage> {
  const path = await freshPath(t);
  const [database, other] = [driver.open(path), driver.open(path)];
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE number (value INTEGER UNIQUE)');
  const scope = new NumbersScope(database);
  const queue = new TransactionQueue(scope, { lockTimeout, longestTransaction });
  t.teardown(async () => {
    await queue.stop();
    database.close();
    other.close();
  });
  const insert = database.prepare('INSERT INTO number VALUES (?)');
  return {
    queue,
    scope,
    other,
    add: (number) => void insert.run(number),
    numbers: () =>
      database
        .prepare('SELECT value FROM number ORDER BY value')
        .all()
        .map(([value]) => value),
  };
}

test('the steps of one turn of the event loop share a transaction', async (t) => {
  const { queue, scope, add, numbers } = await stageFor(t);
  await Promise.all([1, 2, 3].map((number) => queue.run('change', () => add(number))));
  t.deepEqual(scope.log, ['write', 'committed']);
  t.deepEqual(numbers(), [1, 2, 3]);
});

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

test('looks alone take no write lock, and see what was committed', async (t) => {
  const { queue, scope, other, numbers } = await stageFor(t);
  other.exec('INSERT INTO number VALUES (7); BEGIN IMMEDIATE');
  t.deepEqual(await queue.run('look', numbers), [7]);
  t.deepEqual(scope.log, ['read', 'committed']);
  other.exec('COMMIT');
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
