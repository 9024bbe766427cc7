import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportOf } from './report.js';
import { openStage } from './stages/open-stage.js';
import { torture } from './torture.js';

/*
 * npm run torture -- --store memory|sqlite|redis|redis-cluster|redis-sentinel --minutes 10 --seed 7 --nodes 2
 *
 * Runs real node processes, publishers and clients over HTTP, and random faults. A separate checker knows only what was
 * acknowledged and what clients received. The seed determines which faults are tried in which order, not their effect.
 */

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    minutes: { type: 'string', default: '1' },
    // Random, and printed.
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    nodes: { type: 'string', default: '2' },
  },
});

const run = {
  store: values.store,
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  nodes: Number(values.nodes),
};
const folder = await mkdtemp(join(tmpdir(), 'torture-'));
let isSound = false;
try {
  const stage = await openStage(run.store, folder, run.nodes);
  console.log(`store          ${run.store}, ${run.minutes} minutes, ${stage.stores.length} nodes, seed ${run.seed}`);
  // The mounted disk must be removed. All processes end together with this one.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await stage.stop();
      await rm(folder, { recursive: true, force: true });
      process.exit(1);
    });
  }
  try {
    const report = reportOf(run, await torture(stage, folder, run.seed, run.minutes * 60_000));
    console.log(report.text);
    isSound = report.isSound;
  } finally {
    await stage.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(isSound ? 0 : 1);
