import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { Connection, type RawResponse, type RequestOptions, request } from './http-client.js';
import { until } from './http-kit.js';

const entry = fileURLToPath(new URL('../../demo/nodes.js', import.meta.url));

/** Four processes start for it, and beside other tests. Milliseconds. */
const startTime = 60_000;

/** One node of the demo, as a client sees it. */
export class DemoNode {
  readonly pid: number;
  readonly #port: number;

  constructor(pid: number, port: number) {
    this.pid = pid;
    this.#port = port;
  }

  request(path: string, options?: RequestOptions): Promise<RawResponse> {
    return request(this.#port, path, options);
  }

  async logIn(account: string): Promise<{ readonly id: string; readonly cookie: string }> {
    const response = await this.#post('/login', { account });
    if (response.status !== 200) throw new Error(`The login failed: ${response.status} ${response.body}`);
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return { id: JSON.parse(response.body).id, cookie };
  }

  push(to: object, data: unknown): Promise<RawResponse> {
    return this.#post('/messages', { to, data }, { 'X-Admin-Key': 'key' });
  }

  /** A poll that is under way; whether it is parked yet can't be seen from outside. */
  async poll(cookie: string, after: string): Promise<Connection> {
    const connection = await Connection.open(this.#port);
    return connection.send(`/poll?after=${after}`, { cookie });
  }

  #post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    const options = { method: 'POST', body: JSON.stringify(body) };
    return this.request(path, { ...options, headers: { 'Content-Type': 'application/json', ...headers } });
  }
}

/** The demo as several nodes: the process that starts and stops them, and whoever it started. */
export class DemoNodes {
  readonly exit: Promise<number | NodeJS.Signals | null>;
  stdout = '';
  stderr = '';
  isOver = false;
  readonly #child: ChildProcess;

  private constructor(data: string, environment: Readonly<Record<string, string>>) {
    // The developer's own settings may choose neither a configuration nor a Redis.
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

  /** Starts them without waiting for anything. */
  static spawn(t: ExecutionContext, data: string, environment: Readonly<Record<string, string>> = {}): DemoNodes {
    const demo = new DemoNodes(data, environment);
    t.teardown(async () => {
      // Killed outright it could stop nobody; a second signal makes it take everyone along at once.
      demo.signal('SIGTERM');
      demo.signal('SIGTERM');
      await demo.exit;
    });
    return demo;
  }

  /** Resolves once both nodes serve. */
  static async start(
    t: ExecutionContext,
    data: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<DemoNodes> {
    const demo = DemoNodes.spawn(t, data, environment);
    await until(() => demo.nodes.length === 2 || demo.isOver, startTime);
    if (demo.isOver) throw new Error(`The nodes did not start: ${demo.stderr}`);
    return demo;
  }

  get nodes(): readonly DemoNode[] {
    const lines = this.stdout.matchAll(/^node \d \(process (\d+)\): http:\/\/127\.0\.0\.1:(\d+)$/gm);
    return [...lines].map(([, pid, port]) => new DemoNode(Number(pid), Number(port)));
  }

  /** The Redis that it started, if it did. */
  get redis(): { readonly pid: number; readonly url: string } | undefined {
    const [, pid, url = ''] = /^redis \(process (\d+)\): (\S+)$/m.exec(this.stdout) ?? [];
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
