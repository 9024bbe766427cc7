import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../support/free-port.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ADMIN_KEY = 'demo';

/** The demo as a separate process, with its own port and data folder. */
export class DemoServer {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly port: number,
    private readonly data: string,
  ) {}

  static async create(): Promise<DemoServer> {
    return new DemoServer((await freePorts(1))[0] ?? 0, await mkdtemp(join(tmpdir(), 'session-mailbox-demo-')));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the server. Resolves when the server accepts requests. */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    // Remove the NODE_ENV of the test runner, which would select another configuration.
    const { NODE_ENV: _, ...env } = process.env;
    const child = spawn(process.execPath, ['.build/demo/server.js'], {
      cwd: ROOT,
      env: { ...env, PORT: String(this.port), DEMO_DATA: this.data, DEMO_ADMIN_KEY: ADMIN_KEY, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    await new Promise<void>((resolve, reject) => {
      let output = '';
      const read = (chunk: Buffer) => {
        output += chunk;
        if (output.includes(this.url)) resolve();
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`The demo ended (${code ?? signal}) with: ${output}`)));
    });
  }

  /** Stops the server with SIGTERM, and resolves to its exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }

  async destroy(): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }

  async logIn(account: string): Promise<void> {
    const response = await fetch(`${this.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account }),
    });
    if (!response.ok) throw new Error(`The login was refused: ${response.status} ${await response.text()}`);
  }

  /** Pushes a message to the server directly, not through the page. */
  async push(to: Record<string, string>, data: unknown): Promise<void> {
    const response = await fetch(`${this.url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-admin-key': ADMIN_KEY },
      body: JSON.stringify({ to, data }),
    });
    if (!response.ok) throw new Error(`The push was refused: ${response.status} ${await response.text()}`);
  }
}
