import { readOptions } from '../support/options.js';
import { note, printHeading, writeJson } from '../support/output.js';
import { figuresTable, targetsTable } from '../support/report.js';
import type { Figures, Round } from '../support/results.js';
import { rotated } from '../support/stats.js';
import { IDLE_METRICS, IDLE_SUBJECTS, IDLE_TARGETS, measureIdle, STREAMS } from './idle.js';
import { mostConnections } from './open-files.js';
import { idlePlanFor, planFor } from './plan.js';
import { measureServer } from './round.js';
import { SERVERS } from './servers/index.js';
import { METRICS, OURS, TARGETS } from './targets.js';

const IDLE_CONNECTIONS = 10_000;
const QUICK_CONNECTIONS = 100;

const options = readOptions({ rounds: 5, sizes: [1_000, 5_000, 20_000], quickSizes: [QUICK_CONNECTIONS] });
const isWanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
const servers = Object.keys(SERVERS).filter(isWanted).filter(isThere);
const idleSubjects = Object.keys(IDLE_SUBJECTS).filter(isWanted);
const roundsBySize = new Map<number, Round[]>();

printHeading('Held polls: deliver, hold, find a message ready', options);
for (const wanted of servers.length === 0 ? [] : options.sizes) {
  const clients = possible(wanted);
  const plan = planFor(clients, options.quick);
  const rounds = await measured(servers, (name) => measureServer(name, plan, options.profile));
  roundsBySize.set(clients, rounds);
  console.log(`\n## ${clients} held polls\n\n${figuresTable(rounds, servers, METRICS)}`);
  for (const ours of OURS.filter((name) => servers.includes(name))) {
    console.log(`\n${ours}:\n\n${targetsTable(rounds, ours, METRICS, TARGETS.get(ours) ?? [])}`);
  }
}
if (options.json !== undefined) writeJson(options.json, roundsBySize);

if (idleSubjects.length > 0) {
  const clients = options.quick ? QUICK_CONNECTIONS : possible(IDLE_CONNECTIONS);
  const plan = idlePlanFor(clients, options.quick);
  const rounds = await measured(idleSubjects, (name) => measureIdle(name, plan, options.profile));
  console.log(`\n## ${clients} idle connections\n\nA hold time is ${plan.holdTime / 1000} s.`);
  console.log(`\n${figuresTable(rounds, idleSubjects, IDLE_METRICS)}`);
  console.log(`\n${STREAMS}:\n\n${targetsTable(rounds, STREAMS, IDLE_METRICS, IDLE_TARGETS)}`);
}

async function measured(names: readonly string[], measure: (name: string) => Promise<Figures>): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const figures = new Map<string, Figures>();
    for (const name of rotated(names, round)) figures.set(name, await measure(name));
    rounds.push(figures);
  }
  return rounds;
}

function isThere(name: string): boolean {
  const why = SERVERS[name]?.missing?.();
  if (why !== undefined) note(`${name} is left out: ${why}`);
  return why === undefined;
}

/** A server needs a descriptor for each connection. */
function possible(connections: number): number {
  const most = mostConnections();
  if (connections <= most) return connections;
  note(`${most} connections in place of ${connections}: a process may have no more descriptors here`);
  return most;
}
