import type { BenchRedis } from '../../support/redis-server.js';
import { accountOf } from '../operations/subject.js';
import type { Command, RecordedCalls } from './recorded-calls.js';
import { RANDOM_MARK } from './redis-benchmark.js';

const SEED_BATCH = 1_000;

/** Inserts sessions whose ids end with the random numbers of redis-benchmark, each of another account. */
export async function seedSessions(redis: BenchRedis, calls: RecordedCalls, sessions: number): Promise<void> {
  for (let start = 0; start < sessions; start += SEED_BATCH) {
    const pipeline = redis.client.pipeline();
    for (let n = start; n < Math.min(start + SEED_BATCH, sessions); n++) {
      const number = numberOf(n);
      pipeline.call('EVALSHA', ...withId(withAccount(calls, number), number, calls.id));
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
  }
}

/** The number as redis-benchmark writes it. */
export function numberOf(n: number): string {
  return String(n).padStart(RANDOM_MARK.length, '0');
}

/** The login of another account: replaces the account's name and, after it in the command, its score. */
export function withAccount({ create, accountId }: RecordedCalls, number: string): Command {
  const place = create.indexOf(accountId);
  if (place === -1 || !Number.isFinite(Number(create[place + 1]))) throw new Error('the account is not in the command');
  return create.with(place, accountOf(number)).with(place + 1, number);
}

/** The same call for a session whose id has a different ending. */
export function withId(command: Command, end: string, id: string): Command {
  return command.map((argument) => (argument.endsWith(id) ? argument.slice(0, -end.length) + end : argument));
}
