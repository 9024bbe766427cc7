import { note } from '../support/output.js';
import type { Figures } from '../support/results.js';
import { Child } from '../support/rpc.js';
import { LoadGroup } from './load/load-group.js';
import { FIRST_CLIENTS, HOLD_TIME, type PollPlan } from './plan.js';
import type { ServedMemory } from './poll-server.js';
import type { ServerChild } from './server-child.js';
import { type DialectName, serverEntry } from './servers/index.js';

interface Pair {
  readonly server: Child<ServerChild>;
  readonly load: LoadGroup;
  readonly plan: PollPlan;
}

/** Measures one server with its load: first memory, while the process is new, then deliveries, then ready polls. */
export async function measureServer(name: string, plan: PollPlan, profile: string | undefined): Promise<Figures> {
  const { dialect } = serverEntry(name);
  note(`${plan.clients} polls: ${name}`);
  const pair: Pair = { server: startServer(name, HOLD_TIME, profile), load: new LoadGroup(plan.clients), plan };
  try {
    return {
      ...(await measureMemory(pair, dialect)),
      ...(await measureDelivery(pair)),
      ...(await measureReadyPolls(pair)),
    };
  } finally {
    await Promise.all([pair.server.stop(), pair.load.stop()]);
  }
}

/** Memory growth from a few clients to a server that holds all polls, including the server's state of its clients. */
async function measureMemory(pair: Pair, dialect: DialectName): Promise<Figures> {
  const { server, load, plan } = pair;
  await addClients(pair, dialect, FIRST_CLIENTS);
  await load.connect();
  await server.call('sendToEach');
  await load.wave();
  await load.disconnect();
  const before = await server.call('memory', 0);

  const added = plan.clients - FIRST_CLIENTS;
  await addClients(pair, dialect, added);
  await load.connect();
  await server.call('expectPolls');
  await load.hold();
  await server.call('untilHeld', plan.clients);
  const after = await server.call('memory', plan.clients);
  return growth(before, after, plan.clients);
}

/** Leaves out the figures that the server's kind of process does not have. */
export function growth(before: ServedMemory, after: ServedMemory, clients: number): Figures {
  const figures: Record<string, number> = {};
  for (const key of ['live', 'heap', 'rss'] as const) {
    const [start, end] = [before[key], after[key]];
    if (typeof start === 'number' && typeof end === 'number') figures[key] = (end - start) / clients;
  }
  return figures;
}

async function addClients({ server, load }: Pair, dialect: DialectName, count: number): Promise<void> {
  const credentials = await server.call('register', count);
  await load.add(count, await server.call('port'), dialect, credentials);
}

async function measureDelivery({ server, load, plan }: Pair): Promise<Figures> {
  await server.call('unicast', plan.warmUpPasses);
  await server.call('broadcast', plan.warmUpPasses);
  const messages = plan.unicastPasses * plan.clients;
  const answersBefore = await load.answers();
  const loadBefore = await load.cpu();
  const unicast = await server.call('unicast', plan.unicastPasses);
  const loadCpu = ((await load.cpu()) - loadBefore) / messages;
  const broadcast = await server.call('broadcast', plan.broadcastRounds);
  const answers = (await load.answers()) - answersBefore;
  const expected = messages + plan.broadcastRounds * plan.clients;
  if (answers !== expected) throw new Error(`${expected} messages were delivered in ${answers} answers`);
  return { unicast, broadcast, load: loadCpu };
}

/** Runs in waves: before the timed part, a message is stored for every client; then all clients poll together. */
async function measureReadyPolls({ server, load, plan: { clients, readyWaves } }: Pair): Promise<Figures> {
  const resting = load.rest();
  await server.call('sendToEach');
  await resting;
  let elapsed = 0;
  let cpu = 0;
  for (let wave = 0; wave <= readyWaves; wave++) {
    await server.call('sendToEach');
    const cpuBefore = await server.call('cpu');
    const waveTime = await load.wave();
    if (wave === 0) continue;
    elapsed += waveTime;
    cpu += (await server.call('cpu')) - cpuBefore;
  }
  const polls = readyWaves * clients;
  return { ready: (polls / elapsed) * 1000, readyCpu: cpu / polls };
}

/** @param holdTime in ms */
export function startServer(name: string, holdTime: number, profile: string | undefined): Child<ServerChild> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const module = new URL('./server-child.js', import.meta.url);
  return Child.start(module, [name, `${holdTime}`], ['--expose-gc', ...profiling]);
}
