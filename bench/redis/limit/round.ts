import type { BenchRedis } from '../../support/redis-server.js';
import type { Figures } from '../../support/results.js';
import { type Operation } from '../operations/subject.js';
import type { RedisPlan } from '../plan.js';
import { type Command, recordCalls } from './recorded-calls.js';
import { benchmarkRate, RANDOM_MARK } from './redis-benchmark.js';
import { seedSessions, withAccount, withId } from './seeded-sessions.js';

const PIPELINES = [16, 64];
/** Share so small that hardly any session is ended twice: a second end would be less work. */
const KILLED_SHARE = 0.1;
/** The largest range of random numbers, so that no two new sessions get the same id. */
const EVERYTHING = 2 ** 31 - 1;

/**
 * Measures the upper bound: the rate at which redis-benchmark runs the same script with one call per command. It
 * prepares its commands and parses no reply. The result is the best of several pipeline depths.
 */
export async function measureLimit(redis: BenchRedis, plan: RedisPlan): Promise<Figures> {
  const calls = await recordCalls(redis.port);
  const create = await fastest(redis, withId(withAccount(calls, RANDOM_MARK), RANDOM_MARK, calls.id), {
    requests: plan.sessions,
    keyspace: EVERYTHING,
  });
  await redis.empty();
  await seedSessions(redis, calls, plan.sessions);
  const known = { keyspace: plan.sessions };
  const authenticate = await fastest(redis, withId(calls.authenticate, RANDOM_MARK, calls.id), {
    ...known,
    requests: plan.sessions,
  });
  const kill = await fastest(redis, withId(calls.kill, RANDOM_MARK, calls.id), {
    ...known,
    requests: Math.ceil(plan.sessions * KILLED_SHARE),
  });
  await redis.empty();
  return { create, authenticate, kill } satisfies Record<Operation, number>;
}

async function fastest(
  { port }: BenchRedis,
  command: Command,
  sizes: { readonly requests: number; readonly keyspace: number },
): Promise<number> {
  let best = 0;
  for (const pipeline of PIPELINES) best = Math.max(best, await benchmarkRate({ port, command, pipeline, ...sizes }));
  return best;
}
