import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { freePorts } from './free-port.js';
import { limits } from './limits.js';
import { ProcessGuard } from './process-guard.js';
import { findRedisBinary } from './redis-binary.js';

/** Directives of redis.conf, by name. */
export type RedisSettings = Readonly<Record<string, string>>;

/** Connection options without the option that selects the type of replies. */
export type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/** Number of attempts to find a port that no other process takes at the same time. */
const attempts = 5;

/** The name by which tests recognise their own connections. */
export const testConnectionName = 'the-test';

/** A Redis server on a free port, with a folder that is removed when it stops. */
export class RedisServer {
  readonly port: number;
  readonly #settings: RedisSettings;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #guard: ProcessGuard | undefined;
  #output = '';
  #client: Redis | undefined;

  private constructor(port: number, folder: string, settings: RedisSettings) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
  }

  static async start(settings: RedisSettings = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt += 1) {
      const server = await RedisServer.#prepare(settings);
      try {
        await server.#launch();
        return server;
      } catch (error) {
        await server.stop();
        // Another process took the port.
        if (attempt === attempts || !/in use/i.test(String(error))) throw error;
      }
    }
  }

  static async #prepare(settings: RedisSettings): Promise<RedisServer> {
    const [port = 0, busPort = 0] = await freePorts(2);
    const folder = await mkdtemp(join(tmpdir(), 'redis-test-'));
    const isClustered = settings['cluster-enabled'] === 'yes';
    return new RedisServer(port, folder, { ...settings, ...(isClustered && { 'cluster-port': String(busPort) }) });
  }

  get url(): string {
    const { requirepass } = this.#settings;
    return `redis://${requirepass === undefined ? '' : `:${requirepass}@`}127.0.0.1:${this.port}`;
  }

  /** The arguments of `CLUSTER MEET` for this server. */
  get meetingPoint(): readonly string[] {
    return ['127.0.0.1', String(this.port), this.#settings['cluster-port'] ?? ''];
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** The test's own connection. It reconnects after a restart. */
  get client(): Redis {
    this.#client ??= this.connect();
    return this.#client;
  }

  /** Opens one more connection. The caller must disconnect it. */
  connect(options: ConnectionOptions = {}): Redis {
    const client = new Redis(this.url, { connectionName: testConnectionName, retryStrategy: () => 50, ...options });
    // Tests check the errors of the commands. Some tests stop the server on purpose.
    client.on('error', () => {});
    return client;
  }

  /** Ends the process with a signal, and resolves when it has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = this.#ended;
    this.#process?.kill(signal);
    await ended;
  }

  /** Starts the server again on the same port and in the same folder, with the data saved there. */
  async restart(): Promise<void> {
    await this.kill('SIGTERM');
    await this.#launch();
  }

  /** Stops the server and removes its folder. */
  async stop(): Promise<void> {
    this.#client?.disconnect();
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #launch(): Promise<void> {
    const binary = findRedisBinary();
    if (binary === undefined) throw new Error('There is no redis-server on the PATH, and REDIS_SERVER names none');
    const settings = { port: String(this.port), bind: '127.0.0.1', dir: this.#folder, save: '', ...this.#settings };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    const { pid } = child;
    const spawned = new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    this.#process = child;
    this.#guard = pid === undefined ? undefined : new ProcessGuard(pid, this.#folder);
    this.#ended = this.#endOf(child);
    await spawned;
    await this.#answers();
  }

  /** Keeps enough of the output to show why the server did not start. */
  #hear(text: string): void {
    this.#output = (this.#output + text).slice(-4_000);
  }

  async #endOf(child: ChildProcess): Promise<void> {
    await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
    this.#process = undefined;
    await this.#guard?.dismiss();
    this.#guard = undefined;
  }

  async #answers(): Promise<void> {
    const probe = this.connect({ lazyConnect: true, enableOfflineQueue: true, maxRetriesPerRequest: null });
    const ended = this.#ended.then(() => {
      throw new Error(`The server did not start: ${this.#output}`);
    });
    const timeout = AbortSignal.timeout(limits.processes);
    const late = new Promise<never>((_resolve, reject) => {
      timeout.addEventListener('abort', () => reject(new Error(`The server does not answer: ${this.#output}`)));
    });
    try {
      await Promise.race([this.#ping(probe), ended, late]);
    } finally {
      // Only the first result of the race matters.
      ended.catch(() => {});
      late.catch(() => {});
      probe.disconnect();
    }
  }

  /** Resolves when the server answers. While it loads its data, it answers with an error, and the client waits. */
  async #ping(probe: Redis): Promise<void> {
    await probe.connect().catch(() => {});
    await probe.ping();
  }
}
