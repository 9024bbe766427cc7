import { note } from '../../support/output.js';
import type { Figures } from '../../support/results.js';
import { Child } from '../../support/rpc.js';
import type { StoresPlan } from '../plan.js';
import type { Places } from '../stores.js';
import type { OperationsChild } from './child.js';
import { OPERATIONS } from './operations.js';

interface Runner {
  readonly name: string;
  readonly child: Child<OperationsChild>;
  readonly figures: Map<string, number>;
}

/** One round: a fresh process for every store. Only one works at a time; they take turns operation by operation. */
export async function measureOperations(
  names: readonly string[],
  places: Places,
  plan: StoresPlan,
  profile: string | undefined,
): Promise<ReadonlyMap<string, Figures>> {
  const runners = names.map((name): Runner => {
    return { name, child: startChild(name, places, plan, profile), figures: new Map() };
  });
  try {
    for (const operation of OPERATIONS) {
      for (const { name, child, figures } of runners) {
        note(`${operation}: ${name}`);
        // The first sessions serve only the warm-up, so that no session is polled or ended twice.
        await child.call('run', operation, 0, plan.warmUp);
        const { elapsed, cpu } = await child.call('run', operation, plan.warmUp, plan.warmUp + plan.sessions);
        figures.set(operation, (plan.sessions / elapsed) * 1_000);
        figures.set(`${operation}Cpu`, cpu / plan.sessions);
      }
    }
    for (const { child } of runners) await child.call('close');
  } finally {
    await Promise.all(runners.map(({ child }) => child.stop()));
  }
  return new Map(runners.map(({ name, figures }): [string, Figures] => [name, Object.fromEntries(figures)]));
}

function startChild(
  name: string,
  { folder, redisUrl }: Places,
  { sessions, warmUp }: StoresPlan,
  profile: string | undefined,
): Child<OperationsChild> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const module = new URL('./child.js', import.meta.url);
  return Child.start(module, [name, folder, redisUrl, String(sessions + warmUp)], profiling);
}
