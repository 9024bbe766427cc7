import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, ReplyError } from 'ioredis';
import { eventually } from './eventually.js';
import { freePorts } from './free-port.js';
import { limits } from './limits.js';
import { ProcessGuard } from './process-guard.js';
import { findRedisBinary } from './redis-binary.js';

/** The name under which the Sentinel watches the master. */
export const masterName = 'the-master';

/** A single Sentinel, which decides alone on a failover. That is sufficient to test its clients. */
export class RedisSentinel {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #guard: ProcessGuard | undefined;
  readonly #client: Redis;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
    this.#guard = child.pid === undefined ? undefined : new ProcessGuard(child.pid, folder);
    this.#client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 });
    this.#client.on('error', () => {});
  }

  /** Resolves when the Sentinel knows the master and its replica. */
  static async start(masterPort: number): Promise<RedisSentinel> {
    const binary = findRedisBinary();
    if (binary === undefined) throw new Error('There is no redis-server on the PATH, and REDIS_SERVER names none');
    const [port = 0] = await freePorts(1);
    const folder = await mkdtemp(join(tmpdir(), 'redis-sentinel-test-'));
    const file = join(folder, 'sentinel.conf');
    // The Sentinel writes its state into this file.
    const directives = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} 1`,
      `sentinel down-after-milliseconds ${masterName} 1000`,
      `sentinel failover-timeout ${masterName} 10000`,
    ];
    await writeFile(file, `${directives.join('\n')}\n`);
    const child = spawn(binary, [file, '--sentinel'], { stdio: 'ignore' });
    const sentinel = new RedisSentinel(port, folder, child);
    await eventually(async () => (await sentinel.#replicas()) === 1, { what: 'the Sentinel knows the replica' });
    return sentinel;
  }

  /** Promotes the replica. Resolves when the Sentinel names it as the master. */
  async failOver(): Promise<void> {
    const before = (await this.#master()).port;
    const isPromoted = async () => {
      // Read both from one answer, so that a failover that has just ended is not followed by another one.
      const { port, flags } = await this.#master();
      if (port !== before) return true;
      // The Sentinel gives up a failover that takes longer than its time-out, which can happen on a busy machine.
      if (!flags.includes('failover_in_progress')) {
        await this.#client.call('SENTINEL', 'FAILOVER', masterName).catch(ignoreRefusal);
      }
      return false;
    };
    await eventually(isPromoted, { patience: limits.processes, what: 'the replica is promoted' });
  }

  async stop(): Promise<void> {
    this.#client.disconnect();
    this.#child.kill('SIGKILL');
    await this.#ended;
    await this.#guard?.dismiss();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #master(): Promise<{ readonly port: number; readonly flags: readonly string[] }> {
    const reply = await this.#client.call('SENTINEL', 'MASTER', masterName);
    if (!Array.isArray(reply)) throw new Error('The Sentinel knows no master');
    // Names and values alternate.
    const field = (name: string) => String(reply[reply.indexOf(name) + 1]);
    return { port: Number(field('port')), flags: field('flags').split(',') };
  }

  async #replicas(): Promise<number> {
    const replicas = await this.#client.call('SENTINEL', 'REPLICAS', masterName);
    return Array.isArray(replicas) ? replicas.length : 0;
  }
}

/** Ignores for example the refusal while the replica is not ready for a promotion. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ReplyError)) throw error;
}
