import { readOptions } from '../support/options.js';
import { note, printHeading, writeJson } from '../support/output.js';
import { BenchRedis } from '../support/redis-server.js';
import { figuresTable, targetsTable } from '../support/report.js';
import { type Figures, medianFigure, type Round } from '../support/results.js';
import { rotated } from '../support/stats.js';
import { measureDelivery } from './delivery/round.js';
import { measureLimit } from './limit/round.js';
import { measureMemory } from './memory/measure.js';
import { memoryTable } from './memory/report.js';
import { measureOperations } from './operations/round.js';
import { SUBJECTS } from './operations/subjects/index.js';
import { planFor, STEADY_RATE } from './plan.js';
import {
  DELIVERY_METRICS,
  FACADE,
  FACADE_TARGETS,
  LIMIT,
  MOST_CALLS,
  OPERATION_METRICS,
  OPERATION_TARGETS,
  OURS,
  SATURATED,
  STEADY,
} from './targets.js';

const DELIVERY = 'delivery';
const MEMORY = 'memory';

const options = readOptions({ rounds: 5, sizes: [100_000], quickSizes: [2_000] });
const isWanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
const subjects = Object.keys(SUBJECTS).filter(isWanted);
const roundsBySize = new Map<number, readonly Round[]>();
const redis = await BenchRedis.start();

try {
  printHeading('Redis: log in, look up, log out; deliver from node to node; memory', options);
  console.log(`\n${await redis.version()}`);
  for (const sessions of options.sizes) await measure(sessions);
} finally {
  await redis.stop();
}
if (options.json !== undefined) writeJson(options.json, roundsBySize);

async function measure(sessions: number): Promise<void> {
  const plan = planFor(sessions, options.quick);
  const rounds: Round[] = [];
  const deliveries: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const figures = new Map<string, Figures>();
    if (subjects.length > 0) {
      const measured = await measureOperations(rotated(subjects, round), redis, plan, options.profile);
      for (const [name, ofSubject] of measured) figures.set(name, ofSubject);
      await redis.empty();
    }
    if (isWanted(LIMIT)) {
      note(`create, authenticate, kill: ${LIMIT}`);
      figures.set(LIMIT, await measureLimit(redis, plan));
    }
    rounds.push(figures);
    if (isWanted(DELIVERY)) deliveries.push(await measureDelivery(redis, plan.delivery, options.profile));
  }
  roundsBySize.set(sessions, [...rounds, ...deliveries]);
  reportOperations(sessions, rounds);
  if (isWanted(DELIVERY)) reportDelivery(deliveries);
  if (isWanted(MEMORY)) {
    console.log(`\n## Memory\n\n${memoryTable(await measureMemory(redis, plan.memory))}`);
  }
}

function reportOperations(sessions: number, rounds: readonly Round[]): void {
  const columns = [...subjects, LIMIT].filter(isWanted);
  if (columns.length === 0) return;
  console.log(`\n## ${sessions} sessions\n\n${figuresTable(rounds, columns, OPERATION_METRICS)}`);
  if (isWanted(OURS)) console.log(`\n${targetsTable(rounds, OURS, OPERATION_METRICS, OPERATION_TARGETS)}`);
  if (isWanted(FACADE)) console.log(`\n${targetsTable(rounds, FACADE, OPERATION_METRICS, FACADE_TARGETS)}`);
}

function reportDelivery(rounds: readonly Round[]): void {
  const columns = [SATURATED, STEADY];
  console.log(`\n## Delivery from node to node\n\n${figuresTable(rounds, columns, DELIVERY_METRICS)}`);
  const calls = columns.map((name) => (medianFigure(rounds, name, 'calls') ?? Number.NaN).toFixed(2));
  console.log(`\nScript calls per message: ${calls.join(' and ')}, target at most ${MOST_CALLS}.`);
  console.log(`The steady flow is of ${STEADY_RATE} messages a second.`);
}
