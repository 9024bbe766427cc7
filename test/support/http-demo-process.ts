import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, type RawResponse, type RequestOptions, request } from './http-client.js';
import { until } from './http-kit.js';
import { limits } from './limits.js';
import { programFile } from './program.js';
import type { TeardownOwner } from './teardowns.js';

const programs = {
  server: programFile(new URL('../../demo/server.js', import.meta.url)),
  cluster: programFile(new URL('../../demo/cluster.js', import.meta.url)),
} as const;

/** Program of the demo to run: one process, or a cluster on one port. */
export type DemoEntry = keyof typeof programs;

/** The demo as a child process on the loopback interface, with its data in a temporary folder. */
export class DemoProcess {
  readonly data: string;
  readonly #child: ChildProcess;
  readonly exit: Promise<number | NodeJS.Signals | null>;
  stdout = '';
  stderr = '';
  isOver = false;

  private constructor(data: string, environment: Readonly<Record<string, string>>, entry: DemoEntry) {
    this.data = data;
    // Leaves out the variables of the test runner and the developer, which could select another configuration.
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, PORT: '0', DEMO_DATA: data, DEMO_ADMIN_KEY: 'key', ...environment };
    this.#child = spawn(process.execPath, [programs[entry]], { env, cwd: data, stdio: ['ignore', 'pipe', 'pipe'] });
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

  static async folder(owner: TeardownOwner): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'demo-'));
    owner.teardown(() => rm(folder, { recursive: true }));
    return folder;
  }

  /** Starts the process without waiting for it. */
  static spawn(
    owner: TeardownOwner,
    data: string,
    environment: Readonly<Record<string, string>> = {},
    entry: DemoEntry = 'server',
  ): DemoProcess {
    const demo = new DemoProcess(data, environment, entry);
    owner.teardown(async () => {
      demo.signal('SIGKILL');
      await demo.exit;
    });
    return demo;
  }

  /** Resolves when the demo accepts requests. */
  static async start(
    owner: TeardownOwner,
    data?: string,
    environment?: Readonly<Record<string, string>>,
    entry?: DemoEntry,
  ): Promise<DemoProcess> {
    const demo = DemoProcess.spawn(owner, data ?? (await DemoProcess.folder(owner)), environment, entry);
    await until(() => demo.stdout.includes('http://') || demo.isOver, limits.processes);
    if (demo.isOver) throw new Error(`The demo did not start: ${demo.stderr}`);
    return demo;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
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

  /** Repeats the signal until the process has ended: it ignores repeats within a second of the first signal. */
  async signalUntilEnd(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const repeat = setInterval(() => this.signal(signal), 100);
    try {
      return await this.exit;
    } finally {
      clearInterval(repeat);
    }
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

  /** Sends a poll. When this resolves, the server has read it, and has parked it unless it had messages to deliver. */
  async hold(cookie: string, after: string): Promise<Connection> {
    const connection = await this.open();
    connection.send(`/poll?after=${after}`, { cookie });
    // Sent after the poll. Its answer proves that the server has read the poll.
    await this.request('/settings');
    return connection;
  }
}
