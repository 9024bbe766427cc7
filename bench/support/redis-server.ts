import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

const PROGRAMS = ['redis-server', 'valkey-server'];
const START_TIMEOUT = 10_000;

/** CPU and calls of the server so far. */
export interface ServerCost {
  /** CPU of the thread that executes commands, user and system, in µs. */
  readonly cpu: number;
  /** Calls by command, including calls from within scripts. */
  readonly calls: ReadonlyMap<string, number>;
}

/** A throw-away Redis on a free port of the loopback interface, without persistence: one server for all subjects. */
export class BenchRedis {
  readonly port: number;
  readonly client: Redis;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port;
    this.client = new Redis({ port, host: '127.0.0.1' });
    this.#process = process;
    this.#folder = folder;
  }

  static async start(): Promise<BenchRedis> {
    const { REDIS_SERVER } = process.env;
    const programs = REDIS_SERVER === undefined || REDIS_SERVER === '' ? PROGRAMS : [REDIS_SERVER];
    // A bench must leave no process behind, however it ends: so the server is killed at the exit.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'bench-redis-'));
    for (const program of programs) {
      const child = await ready(program, port, folder);
      if (child !== undefined) return new BenchRedis(port, child, folder);
    }
    rmSync(folder, { recursive: true });
    throw new Error(`no ${programs.join(' or ')} found: install one, or name one in REDIS_SERVER`);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async empty(): Promise<void> {
    await this.client.flushall('SYNC');
  }

  async cost(): Promise<ServerCost> {
    const cpu = await this.client.info('cpu');
    const stats = await this.client.info('commandstats');
    const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    return {
      cpu: (numberIn(cpu, 'used_cpu_user_main_thread') + numberIn(cpu, 'used_cpu_sys_main_thread')) * 1_000_000,
      calls: new Map(calls.map(([, name = '', count]) => [name, Number(count)])),
    };
  }

  /** Bytes that the allocator has allocated. */
  async usedMemory(): Promise<number> {
    return numberIn(await this.client.info('memory'), 'used_memory');
  }

  async version(): Promise<string> {
    const info = await this.client.info('server');
    const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
    return valkey === undefined ? `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1]}` : `Valkey ${valkey}`;
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    const ended = once(this.#process, 'exit');
    if (this.#process.exitCode === null && this.#process.kill('SIGTERM')) await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function numberIn(info: string, field: string): number {
  return Number(new RegExp(`^${field}:(\\S+)`, 'm').exec(info)?.[1]);
}

/** Resolves with the server once it accepts commands; with `undefined` if there is no such program. */
function ready(program: string, port: number, folder: string): Promise<ChildProcess | undefined> {
  const settings = { port: String(port), bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT);
    child.once('error', (error: NodeJS.ErrnoException) => {
      process.off('exit', kill);
      clearTimeout(timer);
      if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`${program} did not start: ${output}`));
    });
    child.stdout.on('data', (text) => {
      output = (output + text).slice(-2_000);
      if (!output.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      resolve(child);
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
