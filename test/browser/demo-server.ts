import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ADMIN_KEY = 'demo';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The demo as a person runs it: a process of its own, on a port and a data folder of its own. */
export class DemoServer {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly port: number,
    private readonly data: string,
  ) {}

  static async create(): Promise<DemoServer> {
    return new DemoServer(await freePort(), await mkdtemp(join(tmpdir(), 'session-mailbox-demo-')));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when the server says its URL. */
  async start(): Promise<void> {
    // The test runner's NODE_ENV would choose another configuration than a person gets.
    const { NODE_ENV: _, ...env } = process.env;
    const child = spawn(process.execPath, ['.build/demo/server.js'], {
      cwd: ROOT,
      env: { ...env, PORT: String(this.port), DEMO_DATA: this.data, DEMO_ADMIN_KEY: ADMIN_KEY },
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

  /** Asks the server to stop, as Ctrl-C or a service manager does, and resolves to its exit code. */
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

  /** Pushes as an application would, past the page. */
  async push(to: Record<string, string>, data: unknown): Promise<void> {
    const response = await fetch(`${this.url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-admin-key': ADMIN_KEY },
      body: JSON.stringify({ to, data }),
    });
    if (!response.ok) throw new Error(`The push was refused: ${response.status} ${await response.text()}`);
  }
}
