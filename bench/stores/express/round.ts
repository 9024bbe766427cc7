import { note } from '../../support/output.js';
import type { Figures, Round } from '../../support/results.js';
import { Child } from '../../support/rpc.js';
import type { FrontPlan } from '../plan.js';
import type { Places } from '../stores.js';
import type { FrontChild } from './child.js';
import { FRONT_STORES } from './front-stores.js';
import { FRONT_OPERATIONS } from './operations.js';

/** One round through the express-session front: a fresh process for each store, one after the other. */
export async function measureFront(
  names: readonly string[],
  inFreshPlaces: <Result>(measuring: (places: Places) => Promise<Result>) => Promise<Result>,
  plan: FrontPlan,
  profile: string | undefined,
): Promise<Round> {
  const figures = new Map<string, Figures>();
  for (const name of names) {
    figures.set(name, await inFreshPlaces(({ folder }) => measureStore(name, folder, plan, profile)));
  }
  return figures;
}

async function measureStore(
  name: string,
  folder: string,
  plan: FrontPlan,
  profile: string | undefined,
): Promise<Figures> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = Child.start<FrontChild>(new URL('./child.js', import.meta.url), [name, folder], profiling);
  const portion = FRONT_STORES[name]?.portion ?? 1;
  const [sessions, warmUp] = [plan.sessions * portion, plan.warmUp * portion];
  const figures: Record<string, number> = {};
  try {
    for (const operation of FRONT_OPERATIONS) {
      note(`express-session, ${operation}: ${name}`);
      await child.call('run', operation, 0, warmUp);
      const { elapsed, cpu } = await child.call('run', operation, warmUp, warmUp + sessions);
      figures[operation] = (sessions / elapsed) * 1_000;
      figures[`${operation}Cpu`] = cpu / sessions;
    }
  } finally {
    await child.stop();
  }
  return figures;
}
