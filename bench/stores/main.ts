import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../support/options.js';
import { printHeading, writeJson } from '../support/output.js';
import { BenchRedis } from '../support/redis-server.js';
import type { Figures, Round } from '../support/results.js';
import { rotated } from '../support/stats.js';
import { FRONT_STORES } from './express/front-stores.js';
import { measureFront } from './express/round.js';
import { measureOperations } from './operations/round.js';
import { planFor, type StoresPlan } from './plan.js';
import { reportCrowd, reportFront, reportOperations, reportWorkers } from './report.js';
import { type Places, STORES } from './stores.js';
import { columnOf } from './targets.js';
import { measureCrowd } from './workers/crowd.js';
import { measureWorkers } from './workers/round.js';

/** Parts that `--only` may name in addition to stores. If it names none, all parts are measured. */
const PARTS = ['operations', 'workers', 'crowd', 'front'] as const;
type Part = (typeof PARTS)[number];
const isPart = (name: string): boolean => PARTS.some((part) => part === name);

const options = readOptions({ rounds: 5, sizes: [20_000], quickSizes: [2_000] });
const wantedParts = options.only.filter(isPart);
const wantedStores = options.only.filter((name) => !isPart(name));
const measures = (part: Part): boolean => wantedParts.length === 0 || wantedParts.includes(part);
const isWanted = (name: string): boolean => wantedStores.length === 0 || wantedStores.includes(name);

const stores = Object.keys(STORES).filter(isWanted);
/** Stores that several processes can share: all except the memory store. */
const shared = stores.filter((name) => name !== 'memory');
const frontStores = Object.keys(FRONT_STORES).filter(isWanted);
const known = [...PARTS, ...Object.keys(STORES), ...Object.keys(FRONT_STORES)];
const unknown = options.only.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`--only names ${unknown.join(' and ')}; it takes ${known.join(', ')}`);
const roundsBySize = new Map<number, readonly Round[]>();
const redis = await BenchRedis.start();

/** The functions that measure one round, by part. */
const measureRound: Readonly<Record<Part, (plan: StoresPlan, round: number) => Promise<Round>>> = {
  operations: (plan, round) =>
    inFreshPlaces((places) => measureOperations(rotated(stores, round), places, plan, options.profile)),

  async workers(plan, round) {
    const figures = new Map<string, Figures>();
    for (const name of rotated(shared, round)) {
      for (const count of rotated([1, 2], round)) {
        const measuring = (places: Places) => measureWorkers(name, count, places, plan.workers, options.profile);
        figures.set(columnOf(name, count), await inFreshPlaces(measuring));
      }
    }
    return figures;
  },

  async crowd(plan, round) {
    const figures = new Map<string, Figures>();
    for (const name of rotated(shared, round)) {
      const measuring = (places: Places) => measureCrowd(name, places, plan.crowd, options.profile);
      figures.set(name, await inFreshPlaces(measuring));
    }
    return figures;
  },

  front: (plan, round) => measureFront(rotated(frontStores, round), inFreshPlaces, plan.front, options.profile),
};

try {
  printHeading('Stores: the same over memory, SQLite and Redis; one worker, two and eight; express-session', options);
  console.log(`\n${await redis.version()}`);
  for (const sessions of options.sizes) await measure(sessions);
} finally {
  await redis.stop();
}
if (options.json !== undefined) writeJson(options.json, roundsBySize);

async function measure(sessions: number): Promise<void> {
  const plan = planFor(sessions, options.quick);
  const rounds: Record<Part, Round[]> = { operations: [], workers: [], crowd: [], front: [] };
  for (let round = 0; round < options.rounds; round++) {
    for (const part of PARTS.filter(measures)) rounds[part].push(await measureRound[part](plan, round));
  }
  roundsBySize.set(sessions, Object.values(rounds).flat());
  if (measures('operations')) reportOperations(sessions, stores, rounds.operations);
  if (measures('workers')) reportWorkers(shared, rounds.workers);
  if (measures('crowd')) reportCrowd(shared, rounds.crowd);
  if (measures('front')) reportFront(frontStores, rounds.front);
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
