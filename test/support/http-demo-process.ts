import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { Connection, type RawResponse, type RequestOptions, request } from './http-client.js';
import { until } from './http-kit.js';

/** How the demo is run: as one process, or as many on one port. */
export type DemoEntry = 'server' | 'cluster';

/** Several processes start for it, and beside other tests. Milliseconds. */
const startTime = 60_000;

/** The demo as a child process, as an operator runs it: on the loopback interface, its data in a folder of the test's. */
export class DemoProcess {
  readonly data: string;
  readonly #child: ChildProcess;
  readonly exit: Promise<number | NodeJS.Signals | null>;
  stdout = '';
  stderr = '';
  isOver = false;

  private constructor(data: string, environment: Readonly<Record<string, string>>, entry: DemoEntry) {
    this.data = data;
    // Neither the runner's NODE_ENV nor the developer's own settings may choose another configuration.
    const { PATH = '', HOME = '' } = process.env;
    const path = fileURLToPath(new URL(`../../demo/${entry}.js`, import.meta.url));
    const env = { PATH, HOME, PORT: '0', DEMO_DATA: data, DEMO_ADMIN_KEY: 'key', ...environment };
    this.#child = spawn(process.execPath, [path], { env, cwd: data, stdio: ['ignore', 'pipe', 'pipe'] });
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

  static async folder(t: ExecutionContext): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'demo-'));
    t.teardown(() => rm(folder, { recursive: true }));
    return folder;
  }

  /** Starts it without waiting for anything. */
  static spawn(
    t: ExecutionContext,
    data: string,
    environment: Readonly<Record<string, string>> = {},
    entry: DemoEntry = 'server',
  ): DemoProcess {
    const demo = new DemoProcess(data, environment, entry);
    t.teardown(async () => {
      demo.signal('SIGKILL');
      await demo.exit;
    });
    return demo;
  }

  /** Resolves once it serves. */
  static async start(
    t: ExecutionContext,
    data?: string,
    environment?: Readonly<Record<string, string>>,
    entry?: DemoEntry,
  ): Promise<DemoProcess> {
    const demo = DemoProcess.spawn(t, data ?? (await DemoProcess.folder(t)), environment, entry);
    await until(() => demo.stdout.includes('http://') || demo.isOver, startTime);
    if (demo.isOver) throw new Error(`The demo did not start: ${demo.stderr}`);
    return demo;
  }

  get snapshot(): string {
    return join(this.data, 'sessions.snapshot');
  }

  get port(): number {
    return Number(/http:\/\/127\.0\.0\.1:([0-9]+)/.exec(this.stdout)?.[1]);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.isOver) this.#child.kill(signal);
  }

  request(path: string, options?: RequestOptions): Promise<RawResponse> {
    return request(this.port, path, options);
  }

  open(): Promise<Connection> {
    return Connection.open(this.port);
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    return this.postText(path, JSON.stringify(body), headers);
  }

  postText(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    return this.request(path, { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } });
  }

  push(to: object, data: unknown, key = 'key'): Promise<RawResponse> {
    return this.post('/messages', { to, data }, { 'X-Admin-Key': key });
  }

  async logIn(account: string): Promise<{ readonly id: string; readonly token: string; readonly cookie: string }> {
    const response = await this.post('/login', { account });
    if (response.status !== 200) throw new Error(`The login failed: ${response.status} ${response.body}`);
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return { id: JSON.parse(response.body).id, token: cookie.slice(cookie.indexOf('=') + 1), cookie };
  }

  /** A poll that the server has parked by now: its session is seen as present though it says nothing. */
  async hold(cookie: string, after: string): Promise<Connection> {
    const connection = await this.open();
    connection.send(`/poll?after=${after}`, { cookie });
    // Answered behind it, so it was read before; nothing else shows from outside that a poll is parked.
    await this.request('/settings');
    return connection;
  }
}
