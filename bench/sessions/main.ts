import { readOptions } from '../support/options.js';
import { printHeading, writeJson } from '../support/output.js';
import { figuresTable, targetsTable } from '../support/report.js';
import { medianFigure, type Round } from '../support/results.js';
import { rotated } from '../support/stats.js';
import { runRound } from './round.js';
import { SUBJECTS } from './subjects/index.js';
import { LONGEST_BLOCK_MS, METRICS, OURS, TARGETS } from './targets.js';

const options = readOptions({ rounds: 5, sizes: [100_000, 1_000_000], quickSizes: [10_000] });
const subjects = Object.keys(SUBJECTS).filter((name) => options.only.length === 0 || options.only.includes(name));
const roundsBySize = new Map<number, Round[]>();

printHeading('Sessions: create, look up, renew, push, sweep', options);
for (const sessions of options.sizes) {
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    rounds.push(await runRound(rotated(subjects, round), { sessions, quick: options.quick, profile: options.profile }));
  }
  roundsBySize.set(sessions, rounds);
  console.log(`\n## ${sessions} sessions\n\n${figuresTable(rounds, subjects, METRICS)}`);
  if (subjects.includes(OURS)) {
    const block = medianFigure(rounds, OURS, 'block') ?? Number.NaN;
    console.log(`\n${targetsTable(rounds, OURS, METRICS, TARGETS)}`);
    console.log(`\nLongest block in our sweep: ${block.toFixed(1)} ms, target at most ${LONGEST_BLOCK_MS} ms.`);
  }
}
if (options.json !== undefined) writeJson(options.json, roundsBySize);
