import { setTimeout as delay } from 'node:timers/promises';
import { note } from '../../support/output.js';
import type { BenchRedis, ServerCost } from '../../support/redis-server.js';
import type { Figures, Round } from '../../support/results.js';
import { Child } from '../../support/rpc.js';
import type { DeliveryPlan } from '../plan.js';
import { SATURATED, STEADY } from '../targets.js';
import type { PollingNode } from './polling-node.js';
import type { PushingNode } from './pushing-node.js';

/** Milliseconds in which the polls after the last messages are parked. */
const SETTLE_TIME = 200;

interface Fleet {
  readonly redis: BenchRedis;
  readonly pushing: Child<PushingNode>;
  readonly polling: Child<PollingNode>;
}

interface Costs {
  readonly redis: ServerCost;
  readonly calls: number;
  readonly pushingCpu: number;
  readonly pollingCpu: number;
}

/** Two nodes that share only the Redis: one pushes, the other holds the polls. */
export async function measureDelivery(
  redis: BenchRedis,
  plan: DeliveryPlan,
  profile: string | undefined,
): Promise<Round> {
  note('delivery from node to node');
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const args = [String(redis.port)];
  const fleet: Fleet = {
    redis,
    pushing: Child.start<PushingNode>(node('pushing-node'), args, profiling),
    polling: Child.start<PollingNode>(node('polling-node'), args, profiling),
  };
  const { pushing, polling } = fleet;
  try {
    await pushing.call('setSessions', await polling.call('open', plan.sessions));
    await delay(SETTLE_TIME);
    await deliver(fleet, () => pushing.call('pushAll', plan.warmUp).then(() => plan.warmUp));
    const saturated = await deliver(fleet, () => pushing.call('pushAll', plan.messages).then(() => plan.messages));
    await polling.call('latencies');
    const steady = await deliver(fleet, () => pushing.call('pushSteadily', plan.seconds));
    const { p50, p99 } = await polling.call('latencies');
    return new Map<string, Figures>([
      [SATURATED, saturated],
      [STEADY, { ...steady, p50, p99 }],
    ]);
  } finally {
    await Promise.all([pushing.stop(), polling.stop()]);
    await redis.empty();
  }
}

async function deliver(fleet: Fleet, push: () => Promise<number>): Promise<Figures> {
  const { polling } = fleet;
  const receivedBefore = await polling.call('received');
  const before = await costs(fleet);
  const start = performance.now();
  const messages = await push();
  await polling.call('untilReceived', receivedBefore + messages);
  const elapsed = performance.now() - start;
  await delay(SETTLE_TIME);
  const after = await costs(fleet);
  const received = (await polling.call('received')) - receivedBefore;
  if (received !== messages) throw new Error(`${messages} messages were delivered ${received} times`);
  const spent = (name: string): number =>
    ((after.redis.calls.get(name) ?? 0) - (before.redis.calls.get(name) ?? 0)) / messages;
  return {
    rate: (messages / elapsed) * 1_000,
    calls: (after.calls - before.calls) / messages,
    scripts: spent('evalsha') + spent('eval'),
    notices: spent('publish'),
    redisCpu: (after.redis.cpu - before.redis.cpu) / messages,
    pushingCpu: (after.pushingCpu - before.pushingCpu) / messages,
    pollingCpu: (after.pollingCpu - before.pollingCpu) / messages,
  };
}

async function costs({ redis, pushing, polling }: Fleet): Promise<Costs> {
  return {
    redis: await redis.cost(),
    calls: (await pushing.call('calls')) + (await polling.call('calls')),
    pushingCpu: await pushing.call('cpu'),
    pollingCpu: await polling.call('cpu'),
  };
}

function node(name: string): URL {
  return new URL(`./${name}.js`, import.meta.url);
}
