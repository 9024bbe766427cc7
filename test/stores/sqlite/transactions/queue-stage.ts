import { type ExecutionContext } from 'ava';
import { SessionError } from '../../../../src/errors/session-error.js';
import type { Database } from '../../../../src/stores/sqlite/driver/database.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { Step } from '../../../../src/stores/sqlite/transactions/step.js';
import {
  TransactionQueue,
  type TransactionScope,
} from '../../../../src/stores/sqlite/transactions/transaction-queue.js';
import { WaitingSteps } from '../../../../src/stores/sqlite/transactions/waiting-steps.js';
import { freshPath } from '../create-sqlite-store.js';

const driver = await loadDriver();

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
export class CountedSteps extends WaitingSteps {
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

/** A scope whose transactions do nothing. */
export const noScope: TransactionScope = {
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
export async function stageFor(t: ExecutionContext, lockTimeout = 60_000, longestTransaction = 60_000): Promise<Stage> {
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
