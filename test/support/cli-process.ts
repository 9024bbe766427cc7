import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { eventually } from './eventually.js';
import { type RawResponse, type RequestOptions, request } from './http-client.js';
import { limits } from './limits.js';
import { programFile } from './program.js';

const entry = programFile(new URL('../../src/cli/main.js', import.meta.url));

type Environment = Readonly<Record<string, string>>;

/** The command line tool as a child process in an empty folder, without the environment of this process. */
export class CliProcess {
  readonly #child: ChildProcess;
  /** Resolves at the first line of output, or at the end of the process. */
  readonly #firstLine: Promise<void>;
  readonly exit: Promise<number | NodeJS.Signals | null>;
  stdout = '';
  stderr = '';
  isOver = false;
  #knownPort: number | undefined;

  private constructor(args: readonly string[], environment: Environment, folder: string) {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, ...environment };
    this.#child = spawn(process.execPath, [entry, ...args], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (text) => {
      this.stderr += text;
    });
    this.#firstLine = new Promise((resolve) => {
      this.#child.stdout?.on('data', (text) => {
        this.stdout += text;
        if (this.stdout.includes('\n')) resolve();
      });
      this.#child.once('close', () => resolve());
    });
    this.exit = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.isOver = true;
        resolve(code ?? signal);
      });
    });
  }

  static async folder(t: ExecutionContext): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'cli-'));
    t.teardown(() => rm(folder, { recursive: true }));
    return folder;
  }

  /** Runs the command until it ends. */
  static async run(t: ExecutionContext, args: readonly string[], environment: Environment = {}): Promise<CliProcess> {
    const cli = await CliProcess.#spawn(t, args, environment);
    await cli.exit;
    return cli;
  }

  /** Starts `serve` on a free port. Resolves once the port is open. */
  static async serve(
    t: ExecutionContext,
    args: readonly string[] = [],
    environment: Environment = {},
  ): Promise<CliProcess> {
    const cli = await CliProcess.#spawn(t, ['serve', ...args], { RS_PORT: '0', ...environment });
    await cli.#firstLine;
    if (!cli.stdout.includes('http://')) throw new Error(`The service did not start: ${cli.stderr}`);
    return cli;
  }

  /** Starts `serve` on this port, with an output that was closed at its other end. Resolves once the port is open. */
  static async serveUnread(t: ExecutionContext, args: readonly string[], port: number): Promise<CliProcess> {
    const cli = await CliProcess.#spawn(t, ['serve', ...args], { RS_PORT: String(port) });
    cli.#knownPort = port;
    cli.#child.stdout?.destroy();
    cli.#child.stderr?.destroy();
    const answers = () =>
      cli.request('/ping').then(
        () => true,
        () => cli.isOver,
      );
    await eventually(answers, { patience: limits.processes, what: 'the service answers' });
    return cli;
  }

  static async #spawn(t: ExecutionContext, args: readonly string[], environment: Environment): Promise<CliProcess> {
    const cli = new CliProcess(args, environment, await CliProcess.folder(t));
    t.teardown(async () => {
      cli.signal('SIGKILL');
      await cli.exit;
    });
    return cli;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get port(): number {
    return this.#knownPort ?? Number(/http:\/\/[^ ]*:([0-9]+)/.exec(this.stdout)?.[1]);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.isOver) this.#child.kill(signal);
  }

  request(path: string, options?: RequestOptions): Promise<RawResponse> {
    return request(this.port, path, options);
  }

  async json(path: string, options?: RequestOptions): Promise<unknown> {
    return JSON.parse((await this.request(path, options)).body);
  }

  async create(path: string): Promise<string> {
    return JSON.parse((await this.request(path, { method: 'PUT' })).body).token;
  }
}
