import { setTimeout as delay } from 'node:timers/promises';
import { note } from '../support/output.js';
import { bytes, microseconds } from '../support/report.js';
import type { Figures, Metric, Target } from '../support/results.js';
import { LoadGroup } from './load/load-group.js';
import { FIRST_CLIENTS, type IdlePlan } from './plan.js';
import { growth, startServer } from './round.js';
import { serverEntry } from './servers/index.js';

interface Subject {
  readonly server: string;
  readonly kind: 'polls' | 'streams';
}

const POLLS = 'held polls';
const LANE_POLLS = 'held polls in the fast lane';
export const STREAMS = 'idle streams';

/** Connections on which nothing happens. */
export const IDLE_SUBJECTS: Readonly<Record<string, Subject>> = {
  [POLLS]: { server: 'sessionHandler', kind: 'polls' },
  [LANE_POLLS]: { server: 'sessionHandler in the fast lane', kind: 'polls' },
  [STREAMS]: { server: 'sessionHandler', kind: 'streams' },
};

export const IDLE_METRICS: readonly Metric[] = [
  { name: 'live', title: 'memory per connection', format: bytes },
  { name: 'heap', title: 'of it JavaScript heap', format: bytes },
  { name: 'rss', title: 'RSS per connection', format: bytes },
  { name: 'idle', title: 'server CPU per connection and hold time', format: microseconds },
];

export const IDLE_TARGETS: readonly Target[] = [
  { metric: 'live', peer: POLLS, bound: 'at most', ratio: 1 },
  { metric: 'idle', peer: POLLS, bound: 'at most', ratio: 1 },
];

/** Measures memory when all connections are open, then CPU while the server sends only heartbeats and empty answers. */
export async function measureIdle(name: string, plan: IdlePlan, profile: string | undefined): Promise<Figures> {
  const subject = IDLE_SUBJECTS[name];
  if (subject === undefined) throw new Error(`no subject ${JSON.stringify(name)}`);
  note(`${plan.clients} idle: ${name}`);
  const { dialect } = serverEntry(subject.server);
  const server = startServer(subject.server, plan.holdTime, profile);
  const load = new LoadGroup(plan.clients);
  try {
    const port = await server.call('port');
    const add = async (count: number): Promise<void> => {
      await load.add(count, port, dialect, await server.call('register', count));
      await load.connect();
    };
    await add(FIRST_CLIENTS);
    await server.call('sendToEach');
    await load.wave();
    await load.disconnect();
    const before = await server.call('memory', 0);

    await add(plan.clients - FIRST_CLIENTS);
    await server.call('expectPolls');
    await (subject.kind === 'polls' ? load.idle() : load.stream());
    await server.call('untilHeld', plan.clients);
    const memory = growth(before, await server.call('memory', plan.clients), plan.clients);

    await delay(plan.holdTime);
    const cpu = await server.call('cpu');
    await delay(plan.holdTimes * plan.holdTime);
    const idle = ((await server.call('cpu')) - cpu) / (plan.holdTimes * plan.clients);
    return { ...memory, idle };
  } finally {
    await Promise.all([server.stop(), load.stop()]);
  }
}
