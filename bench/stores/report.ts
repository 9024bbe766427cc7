import { figuresTable, markdownTable, perSecond, targetsTable } from '../support/report.js';
import { medianFigure, medianRatio, type Round } from '../support/results.js';
import { FRONT_STORES } from './express/front-stores.js';
import { OPERATIONS } from './operations/operations.js';
import { CROWD_RATE, CROWD_SIZE, STEADY_RATE } from './plan.js';
import {
  CROWD_METRICS,
  columnOf,
  FRONT_METRICS,
  frontTargets,
  LEAST_GAIN,
  MOST_DELAY,
  OPERATION_BARS,
  OPERATION_METRICS,
  OPERATION_TARGETS,
  WORKER_METRICS,
} from './targets.js';

const COMMIT = 'SQLite';
const isOurs = (name: string): boolean => name.startsWith('SQLite');
const word = (isMet: boolean): string => (isMet ? 'met' : '**missed**');

export function reportOperations(sessions: number, stores: readonly string[], rounds: readonly Round[]): void {
  console.log(`\n## ${sessions} sessions\n\n${figuresTable(rounds, stores, OPERATION_METRICS)}`);
  for (const name of stores.filter(isOurs)) {
    console.log(`\n${name}:\n\n${targetsTable(rounds, name, OPERATION_METRICS, OPERATION_TARGETS)}`);
  }
  if (stores.includes(COMMIT)) console.log(`\n${COMMIT}, against its bars:\n\n${barsTable(rounds)}`);
}

/**
 * Shows next to the rate the maximum that the CPU per operation allows, because other programs lower the rate first.
 */
function barsTable(rounds: readonly Round[]): string {
  const rows = OPERATIONS.map((name) => {
    const rate = medianFigure(rounds, COMMIT, name) ?? Number.NaN;
    const byCpu = 1_000_000 / (medianFigure(rounds, COMMIT, `${name}Cpu`) ?? Number.NaN);
    const bar = OPERATION_BARS[name];
    return [name, perSecond(bar), perSecond(rate), perSecond(byCpu), word(rate >= bar)];
  });
  return markdownTable(['', 'at least', 'measured', 'by its CPU alone', 'result'], rows);
}

export function reportWorkers(stores: readonly string[], rounds: readonly Round[]): void {
  const columns = stores.flatMap((name) => [columnOf(name, 1), columnOf(name, 2)]);
  console.log(`\n## One worker and two\n\n${figuresTable(rounds, columns, WORKER_METRICS)}\n`);
  for (const name of stores) {
    const peer = columnOf(name, 1);
    const target = { metric: 'rate', peer, bound: 'at least', ratio: LEAST_GAIN } as const;
    const ratio = medianRatio(rounds, columnOf(name, 2), target) ?? Number.NaN;
    console.log(
      `${name}: two workers deliver ${ratio.toFixed(2)} times what one does, target at least ${LEAST_GAIN}: ${word(ratio >= LEAST_GAIN)}.`,
    );
  }
  for (const name of stores.filter(isOurs)) {
    for (const [metric, most] of Object.entries(MOST_DELAY)) {
      const title = WORKER_METRICS.find((each) => each.name === metric)?.title;
      const figure = medianFigure(rounds, columnOf(name, 2), metric) ?? Number.NaN;
      console.log(
        `${name}, two workers, ${title}: ${figure.toFixed(2)} ms, target at most ${most}: ${word(figure <= most)}.`,
      );
    }
  }
  console.log(`The steady flow is of ${STEADY_RATE} messages a second.`);
}

export function reportCrowd(stores: readonly string[], rounds: readonly Round[]): void {
  console.log(`\n## ${CROWD_SIZE} workers\n\n${figuresTable(rounds, stores, CROWD_METRICS)}\n`);
  console.log(`The steady flow is of ${CROWD_RATE} messages a second, all pushed by one worker.`);
}

export function reportFront(stores: readonly string[], rounds: readonly Round[]): void {
  const promises = stores.map((name) => FRONT_STORES[name]?.promise ?? '');
  const table = figuresTable(rounds, stores, FRONT_METRICS).split('\n');
  table.splice(2, 0, `| a save that was answered is | ${promises.join(' | ')} |`);
  console.log(`\n## Through express-session\n\n${table.join('\n')}`);
  for (const name of stores.filter(isOurs)) {
    console.log(`\n${name}:\n\n${targetsTable(rounds, name, FRONT_METRICS, frontTargets(name))}`);
  }
}
