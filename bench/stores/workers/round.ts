import cluster from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { note } from '../../support/output.js';
import type { Figures } from '../../support/results.js';
import { Child } from '../../support/rpc.js';
import { STEADY_RATE, type WorkersPlan } from '../plan.js';
import type { Places } from '../stores.js';
import type { WorkerHandlers } from './worker.js';

/** Until the polls that follow the last messages are parked. */
const SETTLE_TIME = 300;
/** How often to ask whether all has come. Milliseconds. */
const PAUSE = 5;

type Workers = readonly Child<WorkerHandlers>[];

/**
 * Workers of one cluster, which share their sessions: each holds polls of its own share of them, and each pushes its
 * share of the messages to all of them, so that with two every other push is for a poll at the other one.
 */
export async function measureWorkers(
  name: string,
  count: number,
  places: Places,
  plan: WorkersPlan,
  profile: string | undefined,
): Promise<Figures> {
  note(`${count} ${count === 1 ? 'worker' : 'workers'}: ${name}`);
  const workers = Array.from({ length: count }, (_, number) => startWorker(name, places, number, profile));
  const all = <Result>(ask: (worker: Child<WorkerHandlers>) => Promise<Result>) => Promise.all(workers.map(ask));
  try {
    const ids = (await all((worker) => worker.call('open', plan.sessions / count))).flat();
    await all((worker) => worker.call('setTargets', ids));
    await delay(SETTLE_TIME);
    const pushAll = (messages: number) => async () => {
      await all((worker) => worker.call('pushAll', messages / count));
      return messages;
    };
    await deliver(workers, pushAll(plan.warmUp));
    const rate = await deliver(workers, pushAll(plan.messages));
    await all((worker) => worker.call('latencies'));
    await deliver(workers, async () => {
      return sum(await all((worker) => worker.call('pushSteadily', plan.seconds, STEADY_RATE / count)));
    });
    const [{ p50, p99 } = { p50: Number.NaN, p99: Number.NaN }] = await all((worker) => worker.call('latencies'));
    return { rate, p50, p99 };
  } finally {
    await all((worker) => worker.stop());
  }
}

/** @returns messages a second, from the first push to the last delivery */
async function deliver(workers: Workers, push: () => Promise<number>): Promise<number> {
  const before = await receivedBy(workers);
  const start = performance.now();
  const messages = await push();
  while ((await receivedBy(workers)) < before + messages) await delay(PAUSE);
  const elapsed = performance.now() - start;
  await delay(SETTLE_TIME);
  const received = (await receivedBy(workers)) - before;
  if (received !== messages) throw new Error(`${messages} messages were delivered ${received} times`);
  return (messages / elapsed) * 1_000;
}

async function receivedBy(workers: Workers): Promise<number> {
  return sum(await Promise.all(workers.map((worker) => worker.call('received'))));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function startWorker(
  name: string,
  { folder, redisUrl }: Places,
  number: number,
  profile: string | undefined,
): Child<WorkerHandlers> {
  const args = [name, folder, redisUrl, String(number)];
  const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.js', import.meta.url)), args, execArgv });
  return new Child(cluster.fork().process, args.join(' '));
}
