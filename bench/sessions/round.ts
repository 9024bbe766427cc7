import { note } from '../support/output.js';
import type { Figures, Round } from '../support/results.js';
import { Child } from '../support/rpc.js';
import type { SessionsChild } from './child.js';
import { TIMED_ROWS } from './subject.js';

export interface RoundSetup {
  readonly sessions: number;
  readonly quick: boolean;
  readonly profile: string | undefined;
}

/**
 * One round: a fresh process for every subject. All are alive at the same time, but only one works; they take turns row
 * by row. So the figures of one row are measured seconds apart, under the same load of the machine.
 */
export async function runRound(subjects: readonly string[], setup: RoundSetup): Promise<Round> {
  const children = subjects.map((name) => ({
    name,
    child: startChild(name, setup),
    figures: new Map<string, number>(),
  }));
  try {
    for (const { name, child, figures } of children) {
      note(`${setup.sessions} sessions: fill ${name}`);
      figures.set('create', await child.call('fill'));
      figures.set('heap', await child.call('heapPerSession'));
    }
    for (const row of TIMED_ROWS) {
      for (const { child, figures } of children) {
        const rate = await child.call('rate', row);
        if (rate !== undefined) figures.set(row, rate);
      }
    }
    for (const { child, figures } of children) {
      const { elapsed, longestBlock } = await child.call('sweep');
      figures.set('sweep', elapsed);
      figures.set('block', longestBlock);
    }
  } finally {
    await Promise.all(children.map(({ child }) => child.stop()));
  }
  return new Map(children.map(({ name, figures }): [string, Figures] => [name, Object.fromEntries(figures)]));
}

function startChild(name: string, { sessions, quick, profile }: RoundSetup): Child<SessionsChild> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const module = new URL('./child.js', import.meta.url);
  return Child.start(module, [name, String(sessions), quick ? 'quick' : ''], ['--expose-gc', ...profiling]);
}
