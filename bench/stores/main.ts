import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../support/options.js';
import { printHeading, writeJson } from '../support/output.js';
import { BenchRedis } from '../support/redis-server.js';
import { figuresTable, targetsTable } from '../support/report.js';
import { type Figures, medianRatio, type Round } from '../support/results.js';
import { rotated } from '../support/stats.js';
import { measureOperations } from './operations/round.js';
import { planFor, STEADY_RATE, type StoresPlan } from './plan.js';
import { type Places, STORES } from './stores.js';
import { columnOf, OPERATION_METRICS, OPERATION_TARGETS, WORKER_METRICS } from './targets.js';
import { measureWorkers } from './workers/round.js';

/** The memory of one process can't be shared by two. */
const shared = Object.keys(STORES).filter((name) => name !== 'memory');

const options = readOptions({ rounds: 5, sizes: [20_000], quickSizes: [2_000] });
const isWanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
const stores = Object.keys(STORES).filter(isWanted);
const roundsBySize = new Map<number, readonly Round[]>();
const redis = await BenchRedis.start();

try {
  printHeading('Stores: the same operations over memory, SQLite and Redis; one worker and two', options);
  console.log(`\n${await redis.version()}`);
  for (const sessions of options.sizes) await measure(sessions);
} finally {
  await redis.stop();
}
if (options.json !== undefined) writeJson(options.json, roundsBySize);

async function measure(sessions: number): Promise<void> {
  const plan = planFor(sessions, options.quick);
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const figures = new Map<string, Figures>();
    const order = rotated(stores, round);
    for (const [name, ofStore] of await inFreshPlaces((places) =>
      measureOperations(order, places, plan, options.profile),
    )) {
      figures.set(name, ofStore);
    }
    for (const name of order.filter((each) => shared.includes(each))) {
      for (const count of rotated([1, 2], round)) figures.set(columnOf(name, count), await workers(name, count, plan));
    }
    rounds.push(figures);
  }
  roundsBySize.set(sessions, rounds);
  report(sessions, rounds);
}

function workers(name: string, count: number, plan: StoresPlan): Promise<Figures> {
  return inFreshPlaces((places) => measureWorkers(name, count, places, plan.workers, options.profile));
}

async function inFreshPlaces<Result>(measuring: (places: Places) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-stores-'));
  try {
    return await measuring({ folder, redisUrl: redis.url });
  } finally {
    rmSync(folder, { recursive: true });
    await redis.empty();
  }
}

function report(sessions: number, rounds: readonly Round[]): void {
  console.log(`\n## ${sessions} sessions\n\n${figuresTable(rounds, stores, OPERATION_METRICS)}`);
  for (const name of stores.filter((each) => each.startsWith('SQLite'))) {
    console.log(`\n${name}:\n\n${targetsTable(rounds, name, OPERATION_METRICS, OPERATION_TARGETS)}`);
  }
  const columns = stores
    .filter((name) => shared.includes(name))
    .flatMap((name) => [columnOf(name, 1), columnOf(name, 2)]);
  console.log(`\n## Workers\n\n${figuresTable(rounds, columns, WORKER_METRICS)}\n`);
  for (const name of stores.filter((each) => shared.includes(each))) {
    const peer = columnOf(name, 1);
    const ratio = medianRatio(rounds, columnOf(name, 2), { metric: 'rate', peer, bound: 'at least', ratio: 1 });
    console.log(`${name}: two workers deliver ${ratio?.toFixed(2)} times what one does.`);
  }
  console.log(`The steady flow is of ${STEADY_RATE} messages a second.`);
}
