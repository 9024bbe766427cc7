import { note } from '../../support/output.js';
import type { BenchRedis } from '../../support/redis-server.js';
import type { Figures } from '../../support/results.js';
import { Child } from '../../support/rpc.js';
import type { RedisPlan } from '../plan.js';
import type { OperationsChild } from './child.js';
import { OPERATIONS, type Operation } from './subject.js';

interface Runner {
  readonly name: string;
  readonly child: Child<OperationsChild>;
  readonly figures: Map<string, number>;
}

/**
 * One round: a new process for every subject, all on the same Redis. Only one subject runs at a time; for each
 * operation they take turns.
 */
export async function measureOperations(
  subjects: readonly string[],
  redis: BenchRedis,
  plan: RedisPlan,
  profile: string | undefined,
): Promise<ReadonlyMap<string, Figures>> {
  const runners = subjects.map((name): Runner => {
    const child = startChild(name, redis.port, plan, profile);
    return { name, child, figures: new Map() };
  });
  try {
    for (const operation of OPERATIONS) {
      for (const runner of runners) await measureOperation(runner, operation, redis, plan);
    }
    for (const { child } of runners) await child.call('close');
  } finally {
    await Promise.all(runners.map(({ child }) => child.stop()));
  }
  return new Map(runners.map(({ name, figures }): [string, Figures] => [name, Object.fromEntries(figures)]));
}

/** The first sessions serve only the warm-up, so that no session is looked up or ended twice. */
async function measureOperation(
  { name, child, figures }: Runner,
  operation: Operation,
  redis: BenchRedis,
  { warmUp, sessions }: RedisPlan,
): Promise<void> {
  note(`${operation}: ${name}`);
  await child.call('run', operation, 0, warmUp);
  const before = await redis.cost();
  const { elapsed, cpu } = await child.call('run', operation, warmUp, warmUp + sessions);
  const after = await redis.cost();
  figures.set(operation, (sessions / elapsed) * 1000);
  figures.set(`${operation}Client`, cpu / sessions);
  figures.set(`${operation}Redis`, (after.cpu - before.cpu) / sessions);
}

function startChild(
  name: string,
  port: number,
  { sessions, warmUp }: RedisPlan,
  profile: string | undefined,
): Child<OperationsChild> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const module = new URL('./child.js', import.meta.url);
  return Child.start(module, [name, String(port), String(sessions + warmUp)], profiling);
}
