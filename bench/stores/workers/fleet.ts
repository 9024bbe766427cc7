import cluster from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child } from '../../support/rpc.js';
import type { Places } from '../stores.js';
import type { WorkerHandlers } from './worker.js';

/** Milliseconds in which the polls after the last messages are parked. */
const SETTLE_TIME = 300;
/** Milliseconds between two checks whether all messages have arrived. */
const PAUSE = 5;

export type Worker = Child<WorkerHandlers>;

/**
 * Workers of one cluster, which share their sessions. Each polls for its own part of the sessions, and may push to all.
 */
export class Fleet {
  readonly workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.workers = workers;
  }

  /** Starts workers with this number of sessions, each with a parked poll. */
  static async start(
    name: string,
    count: number,
    { folder, redisUrl }: Places,
    sessions: number,
    profile: string | undefined,
  ): Promise<Fleet> {
    const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const workers = Array.from({ length: count }, (_, number): Worker => {
      const args = [name, folder, redisUrl, String(number)];
      cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.js', import.meta.url)), args, execArgv });
      return new Child(cluster.fork().process, args.join(' '));
    });
    const fleet = new Fleet(workers);
    try {
      const ids = (await fleet.all((worker) => worker.call('open', sessions / count))).flat();
      await fleet.all((worker) => worker.call('setTargets', ids));
      await delay(SETTLE_TIME);
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  all<Result>(ask: (worker: Worker) => Promise<Result>): Promise<Result[]> {
    return Promise.all(this.workers.map(ask));
  }

  /**
   * Waits until every message has been delivered, once.
   * @param push resolves with the number of messages
   * @returns messages a second, from the first push to the last delivery
   */
  async deliver(push: () => Promise<number>): Promise<number> {
    const before = await this.#received();
    const start = performance.now();
    const messages = await push();
    while ((await this.#received()) < before + messages) await delay(PAUSE);
    const elapsed = performance.now() - start;
    await delay(SETTLE_TIME);
    const received = (await this.#received()) - before;
    if (received !== messages) throw new Error(`${messages} messages were delivered ${received} times`);
    return (messages / elapsed) * 1_000;
  }

  /** Latencies in ms since the last call, of the slowest worker. */
  async latencies(): Promise<{ readonly p50: number; readonly p99: number }> {
    const all = await this.all((worker) => worker.call('latencies'));
    const worst = (values: readonly number[]): number => Math.max(...values.filter((value) => !Number.isNaN(value)));
    return { p50: worst(all.map(({ p50 }) => p50)), p99: worst(all.map(({ p99 }) => p99)) };
  }

  /** Microseconds of CPU that all workers have used so far. */
  async cpu(): Promise<number> {
    return sum(await this.all((worker) => worker.call('cpu')));
  }

  async stop(): Promise<void> {
    await this.all((worker) => worker.stop());
  }

  async #received(): Promise<number> {
    return sum(await this.all((worker) => worker.call('received')));
  }
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
