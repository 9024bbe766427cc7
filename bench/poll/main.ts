import { readOptions } from '../support/options.js';
import { printHeading, writeJson } from '../support/output.js';
import { figuresTable, targetsTable } from '../support/report.js';
import type { Figures, Round } from '../support/results.js';
import { rotated } from '../support/stats.js';
import { planFor } from './plan.js';
import { measureServer } from './round.js';
import { SERVERS } from './servers/index.js';
import { METRICS, OURS, TARGETS } from './targets.js';

const options = readOptions({ rounds: 5, sizes: [1_000, 5_000], quickSizes: [100] });
const servers = Object.keys(SERVERS).filter((name) => options.only.length === 0 || options.only.includes(name));
const roundsBySize = new Map<number, Round[]>();

printHeading('Held polls: deliver, hold, find a message ready', options);
for (const clients of options.sizes) {
  const plan = planFor(clients, options.quick);
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const figures = new Map<string, Figures>();
    for (const name of rotated(servers, round)) figures.set(name, await measureServer(name, plan, options.profile));
    rounds.push(figures);
  }
  roundsBySize.set(clients, rounds);
  console.log(`\n## ${clients} held polls\n\n${figuresTable(rounds, servers, METRICS)}`);
  if (servers.includes(OURS)) console.log(`\n${targetsTable(rounds, OURS, METRICS, TARGETS)}`);
}
if (options.json !== undefined) writeJson(options.json, roundsBySize);
