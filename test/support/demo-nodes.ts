import { type ChildProcess, spawn } from 'node:child_process';
import { Connection, type RawResponse, type RequestOptions, request } from './http-client.js';
import { until } from './http-kit.js';
import { limits } from './limits.js';
import { programFile } from './program.js';
import type { TeardownOwner } from './teardowns.js';

const entry = programFile(new URL('../../demo/nodes.js', import.meta.url));

/** One node of the demo, from the view of its clients. */
export class DemoNode {
  readonly pid: number;
  readonly port: number;

  constructor(pid: number, port: number) {
    this.pid = pid;
    this.port = port;
  }

  request(path: string, options?: RequestOptions): Promise<RawResponse> {
    return request(this.port, path, options);
  }

  async logIn(account: string): Promise<{ readonly id: string; readonly cookie: string }> {
    const response = await this.post('/login', { account });
    if (response.status !== 200) throw new Error(`The login failed: ${response.status} ${response.body}`);
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return { id: JSON.parse(response.body).id, cookie };
  }

  push(to: object, data: unknown): Promise<RawResponse> {
    return this.post('/messages', { to, data }, { 'X-Admin-Key': 'key' });
  }

  /** Sends a poll. The server may not have read it yet. */
  async poll(cookie: string, after: string): Promise<Connection> {
    const connection = await Connection.open(this.port);
    return connection.send(`/poll?after=${after}`, { cookie });
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    const options = { method: 'POST', body: JSON.stringify(body) };
    return this.request(path, { ...options, headers: { 'Content-Type': 'application/json', ...headers } });
  }
}

/** The process that starts and stops the nodes of the demo, and the processes that it started. */
export class DemoNodes {
  readonly exit: Promise<number | NodeJS.Signals | null>;
  stdout = '';
  stderr = '';
  isOver = false;
  readonly #child: ChildProcess;

  private constructor(data: string, environment: Readonly<Record<string, string>>) {
    // Leaves out the developer's variables, which could select another configuration or Redis.
    const { PATH = '', HOME = '', REDIS_SERVER } = process.env;
    const server = REDIS_SERVER === undefined ? {} : { REDIS_SERVER };
    const demo = { PORT: '0', DEMO_DATA: data, DEMO_ADMIN_KEY: 'key' };
    const env = { PATH, HOME, ...server, ...demo, ...environment };
    this.#child = spawn(process.execPath, [entry], { env, cwd: data, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (text) => {
      this.stdout += text;
    });
    this.#child.stderr?.on('data', (text) => {
      this.stderr += text;
    });
    this.exit = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.isOver = true;
        resolve(code ?? signal);
      });
    });
  }

  /** Starts the process without waiting for it. */
  static spawn(owner: TeardownOwner, data: string, environment: Readonly<Record<string, string>> = {}): DemoNodes {
    const demo = new DemoNodes(data, environment);
    owner.teardown(async () => {
      // SIGKILL would leave its children running. A SIGTERM a second after the first makes it kill them and exit.
      await demo.signalUntilEnd('SIGTERM');
    });
    return demo;
  }

  /** Resolves when both nodes accept requests. */
  static async start(
    owner: TeardownOwner,
    data: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<DemoNodes> {
    const demo = DemoNodes.spawn(owner, data, environment);
    await until(() => demo.nodes.length === 2 || demo.isOver, limits.processes);
    if (demo.isOver) throw new Error(`The nodes did not start: ${demo.stderr}`);
    return demo;
  }

  /** Repeats the signal until the process has ended: it ignores repeats within a second of the first signal. */
  async signalUntilEnd(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    this.signal(signal);
    const repeat = setInterval(() => this.signal(signal), 100);
    try {
      return await this.exit;
    } finally {
      clearInterval(repeat);
    }
  }

  get nodes(): readonly DemoNode[] {
    const lines = this.stdout.matchAll(/^node \d \(process (\d+)\): http:\/\/127\.0\.0\.1:(\d+)$/gm);
    return [...lines].map(([, pid, port]) => new DemoNode(Number(pid), Number(port)));
  }

  /** The Redis server that the process started last, if any. */
  get redis(): { readonly pid: number; readonly url: string } | undefined {
    const [, pid, url = ''] = [...this.stdout.matchAll(/^redis \(process (\d+)\): (\S+)$/gm)].at(-1) ?? [];
    return pid === undefined ? undefined : { pid: Number(pid), url };
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.isOver) this.#child.kill(signal);
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
