import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { programFile } from '../support/program.js';

/** Limit for processes that hang. They are killed, which makes their test fail. */
const longest = 60_000;

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

const programs = {
  'idle-process': programFile(new URL('./idle-process.js', import.meta.url)),
  'serving-process': programFile(new URL('./serving-process.js', import.meta.url)),
  'stopping-process': programFile(new URL('./stopping-process.js', import.meta.url)),
} as const;

/** A real process that runs one of the fixtures in this folder. */
export class Child {
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Map<string, () => void>();

  /** @param nodeOptions options of Node.js itself, such as `--watch` */
  constructor(fixture: keyof typeof programs, args: readonly string[] = [], nodeOptions: readonly string[] = []) {
    // In a separate process group, so that the group can be signalled without the test.
    const child = spawn(process.execPath, [...nodeOptions, programs[fixture], ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: longest,
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    createInterface(child.stdout).on('line', (line) => {
      this.#lines.push(line);
      this.#waiting.get(line)?.();
    });
    this.#process = child;
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, lines: this.#lines, errors }));
    });
  }

  /** Resolves when the process has printed the line. Rejects if it exits without. */
  async printed(line: string): Promise<void> {
    if (this.#lines.includes(line)) return;
    const seen = new Promise<boolean>((resolve) => this.#waiting.set(line, () => resolve(true)));
    if (await Promise.race([seen, this.ended.then(() => this.#lines.includes(line))])) return;
    throw new Error(`the process ended before it printed "${line}": ${(await this.ended).errors}`);
  }

  send(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Signals the process and all processes that it has started, like a terminal at Ctrl-C. */
  sendToGroup(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
  }
}
