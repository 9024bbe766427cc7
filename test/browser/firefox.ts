import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.js';
import { limits } from '../support/limits.js';

const command = process.env.FIREFOX ?? 'firefox-esr';

/** The reason why there is no Firefox for the tests; undefined if there is a Firefox. */
export function missingFirefox(): string | undefined {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `no ${command} here`;
  }
}

const answerSchema = v.object({
  id: v.optional(v.nullable(v.number())),
  result: v.optional(v.unknown()),
  error: v.optional(v.string()),
  message: v.optional(v.string()),
});
const createdSchema = v.object({ context: v.string() });
const evaluatedSchema = v.object({ result: v.object({ value: v.string() }) });

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A headless Firefox, driven over WebDriver BiDi. */
export class Firefox {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #sent = 0;

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.on('message', (data) => this.#hear(String(data)));
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox has ended'));
    });
  }

  static async start(): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), 'session-mailbox-firefox-'));
    const args = ['--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', profile, 'about:blank'];
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const address = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('Firefox does not start')), limits.processes);
      createInterface(child.stderr).on('line', (line) => {
        const [, found] = /WebDriver BiDi listening on (ws:\S+)/.exec(line) ?? [];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`Firefox ended with ${code}`)));
    });
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    const firefox = new Firefox(child, profile, socket);
    await firefox.#send('session.new', { capabilities: {} });
    return firefox;
  }

  /** Opens a tab. */
  async open(url: string): Promise<FirefoxTab> {
    const { context } = v.parse(createdSchema, await this.#send('browsingContext.create', { type: 'tab' }));
    await this.#send('browsingContext.navigate', { context, url, wait: 'complete' });
    return new FirefoxTab(context, (method, params) => this.#send(method, params));
  }

  async close(): Promise<void> {
    this.#socket.terminate();
    if (this.#process.exitCode === null) {
      const exit = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await exit;
    }
    // The content processes of Firefox end by themselves, shortly after the main process.
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }

  #send(method: string, params: object): Promise<unknown> {
    this.#sent += 1;
    const id = this.#sent;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #hear(text: string): void {
    const { id, result, error, message } = v.parse(answerSchema, JSON.parse(text));
    const waiting = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`${error}: ${message}`));
  }
}

export class FirefoxTab {
  readonly #context: string;
  readonly #send: (method: string, params: object) => Promise<unknown>;

  constructor(context: string, send: (method: string, params: object) => Promise<unknown>) {
    this.#context = context;
    this.#send = send;
  }

  /** @param expression of JavaScript whose value can be written as JSON */
  async evaluate(expression: string): Promise<unknown> {
    const params = {
      expression: `JSON.stringify(${expression} ?? null)`,
      target: { context: this.#context },
      awaitPromise: false,
    };
    return JSON.parse(v.parse(evaluatedSchema, await this.#send('script.evaluate', params)).result.value);
  }

  /** Waits until the page has recorded as many messages and events as expected, and checks that they are the expected ones. */
  async heard(...expected: readonly string[]): Promise<void> {
    await eventually(async () => Number(await this.evaluate('globalThis.heard?.length')) >= expected.length, {
      what: `the page hears ${expected}`,
    });
    const found = JSON.stringify(await this.evaluate('heard'));
    if (found !== JSON.stringify(expected)) throw new Error(`The page heard ${found}`);
  }

  async isOpen(): Promise<void> {
    await eventually(async () => (await this.evaluate('globalThis.mailbox?.state')) === 'open', {
      what: 'the client is open',
    });
  }

  async reload(): Promise<void> {
    await this.#send('browsingContext.reload', { context: this.#context, wait: 'complete' });
  }

  async close(): Promise<void> {
    await this.#send('browsingContext.close', { context: this.#context });
  }
}
