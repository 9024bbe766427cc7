import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ServedOptions } from '../stores/nodes/hosted-store.js';
import { RedisServer } from '../support/redis-server.js';
import { TorturedSession } from './client.js';
import { TorturedNode } from './fleet.js';
import { History } from './history.js';

/*
 * npm run torture -- --store memory|sqlite|redis --minutes 1 --seed 7
 *
 * Real node processes, publishers and clients over HTTP, and faults at random. A checker outside knows only what was
 * acknowledged and what clients were told. The seed decides which faults are tried in which order, not how they fall.
 */

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '7' },
  },
});
const sessionCount = 8;

/** Numbers from 0 to 1 that only the seed decides (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Fault = readonly [name: string, commit: (node: TorturedNode, random: () => number) => Promise<void>];

const onNodes: readonly Fault[] = [
  ['kill -9', (node) => node.restart('SIGKILL')],
  ['clean restart', (node) => node.restart('SIGTERM')],
  ['pause', (node, random) => node.pause(100 + random() * 2_900)],
];

async function torture(folder: string): Promise<boolean> {
  const random = randomFrom(Number(values.seed));
  // Every acknowledged write is on the disk: a restart loses none.
  const settings = { appendonly: 'yes', appendfsync: 'always' };
  const redis = values.store === 'redis' ? await RedisServer.start(settings) : undefined;
  const stores: Readonly<Record<string, ServedOptions>> = {
    memory: { memory: { snapshot: { path: join(folder, 'snapshot') } } },
    sqlite: { path: join(folder, 'sessions.db') },
    ...(redis !== undefined && { redis: { url: redis.url } }),
  };
  const options = stores[values.store];
  if (options === undefined) throw new Error(`--store must be memory, sqlite or redis; got ${values.store}`);
  const nodes = Array.from({ length: values.store === 'memory' ? 1 : 3 }, () => new TorturedNode(options));
  const faults: readonly Fault[] = [
    ...onNodes,
    ...(redis === undefined
      ? []
      : [['Redis kill -9', async () => redis.kill().then(() => redis.restart())] satisfies Fault]),
  ];
  await Promise.all(nodes.map((node) => node.start()));
  const sessions = Array.from({ length: sessionCount }, (_each, index) => {
    const own = randomFrom(Number(values.seed) * 1_000 + index);
    return new TorturedSession(new History(`account-${index}`), nodes, own, values.store === 'memory');
  });
  const traffic = sessions.flatMap((session) => [session.publish(), session.receive()]);
  const counts = await commitFaults(faults, nodes, random, Number(values.minutes) * 60_000);
  for (const session of sessions) session.leave();
  await Promise.all(traffic);
  await Promise.all(sessions.map((session) => session.drain()));
  await Promise.all(nodes.map((node) => node.stop('SIGTERM')));
  await redis?.stop();
  return report(
    sessions.map(({ history }) => history),
    counts,
  );
}

/** @returns how many there were of each kind */
async function commitFaults(
  faults: readonly Fault[],
  nodes: readonly TorturedNode[],
  random: () => number,
  duration: number,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const end = performance.now() + duration;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 1_000));
    const [name, commit] = faults[Math.floor(random() * faults.length)] ?? [];
    const node = nodes[Math.floor(random() * nodes.length)];
    if (name === undefined || commit === undefined || node === undefined) continue;
    counts[name] = (counts[name] ?? 0) + 1;
    await commit(node, random);
  }
  return counts;
}

function report(histories: readonly History[], faults: Readonly<Record<string, number>>): boolean {
  const sum = (count: (history: History) => number) => histories.reduce((total, each) => total + count(each), 0);
  const violated = histories.filter(({ violations }) => violations.length > 0);
  console.log(`store          ${values.store}, seed ${values.seed}, ${values.minutes} minutes`);
  console.log(`acknowledged   ${sum(({ acknowledged }) => acknowledged.length)}`);
  console.log(`delivered      ${sum(({ received }) => received.length)}`);
  console.log(`told lost      ${sum(({ lost }) => lost)} and ${sum(({ resets }) => resets)} resets`);
  console.log(
    `faults         ${Object.entries(faults)
      .map(([name, count]) => `${name}: ${count}`)
      .join(', ')}`,
  );
  console.log(`violations     ${sum(({ violations }) => violations.length)}`);
  for (const history of violated) console.log(`\nseed ${values.seed}, ${history}`);
  return violated.length === 0;
}

const folder = await mkdtemp(join(tmpdir(), 'torture-'));
let isSound = false;
try {
  isSound = await torture(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(isSound ? 0 : 1);
