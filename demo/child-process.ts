import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a process ended: its exit code, or the signal that killed it. */
export type Ending = number | NodeJS.Signals;

/** So many lines of output are kept, to say why a start failed. */
const keptLines = 10;

/** A long-running process of the demo's. What it has to complain about is told under its name. */
export class DemoChild {
  readonly name: string;
  /** Resolves when it is over; also when it could not be started. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #listeners: ((line: string) => void)[] = [];
  readonly #lastLines: string[] = [];
  #stopping: Promise<Ending> | undefined;

  constructor(name: string, program: string, args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
    this.name = name;
    this.#process = spawn(program, args, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a group of its own: Ctrl-C reaches the whole group of the terminal, and who stops when is ours to say.
      detached: true,
    });
    const { stdout, stderr } = this.#process;
    if (stdout !== null) createInterface(stdout).on('line', (line) => this.#hear(line));
    if (stderr !== null) createInterface(stderr).on('line', (line) => console.error(`${name}: ${line}`));
    // A second signal exits at once, and must not leave anyone behind.
    const kill = () => this.#process.kill('SIGKILL');
    process.once('exit', kill);
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        console.error(`${name}: ${error.message}`);
        resolve(1);
      });
      this.#process.once('close', (code, signal) => resolve(signal ?? code ?? 1));
    });
    void this.ended.then(() => process.off('exit', kill));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves with the first match in a line of its output; rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const said = new Promise<RegExpExecArray>((resolve) => {
      this.#listeners.push((line) => {
        const match = pattern.exec(line);
        if (match !== null) resolve(match);
      });
    });
    const over = this.ended.then((ending): never => {
      throw new Error([`${this.name} did not start: it ended with ${ending}`, ...this.#lastLines].join('\n'));
    });
    return Promise.race([said, over]);
  }

  /** Asks it to stop, once, for a second signal would make it exit at once. Resolves when it has. */
  stop(): Promise<Ending> {
    if (this.#stopping === undefined) {
      this.#stopping = this.ended;
      this.#process.kill('SIGTERM');
    }
    return this.#stopping;
  }

  #hear(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > keptLines) this.#lastLines.shift();
    for (const listen of this.#listeners) listen(line);
  }
}
