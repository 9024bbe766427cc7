import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The exit code of a process, or the signal that killed it. */
export type Ending = number | NodeJS.Signals;

/** Number of lines of output to quote when a start fails. */
const keptLines = 10;

/** A long-running child process of the demo. Its error output is printed with its name as a prefix. */
export class DemoChild {
  readonly name: string;
  /** Resolves when the process has ended, or could not be started. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #listeners: ((line: string) => void)[] = [];
  readonly #lastLines: string[] = [];
  #stopping: Promise<Ending> | undefined;

  /** @param options `speaks`: whether the child is a Node.js process that sends messages */
  constructor(
    name: string,
    program: string,
    args: readonly string[],
    { environment = process.env, speaks = false }: { environment?: NodeJS.ProcessEnv; speaks?: boolean } = {},
  ) {
    this.name = name;
    this.#process = spawn(program, args, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe', ...(speaks ? (['ipc'] as const) : [])],
      // Use a separate process group: Ctrl-C signals the whole group of the terminal, and the children must stop in order.
      detached: true,
    });
    const { stdout, stderr } = this.#process;
    if (stdout !== null) createInterface(stdout).on('line', (line) => this.#read(line));
    if (stderr !== null) createInterface(stderr).on('line', (line) => console.error(`${name}: ${line}`));
    // A second signal makes this process exit at once; its children must not outlive it.
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

  /** Calls the listener with each message of the child, and sends the result to the child. */
  answer(listener: (message: unknown) => Promise<object | undefined>): void {
    this.#process.on('message', async (message) => {
      const answer = await listener(message);
      // The child may have ended before the answer is ready.
      if (answer !== undefined && this.#process.connected) this.#process.send(answer, () => {});
    });
  }

  /** Resolves with the first line of output that matches; rejects when the process ends without such a line. */
  async outputMatching(pattern: RegExp): Promise<RegExpExecArray> {
    const matched = new Promise<RegExpExecArray>((resolve) => {
      this.#listeners.push((line) => {
        const match = pattern.exec(line);
        if (match !== null) resolve(match);
      });
    });
    const ended = this.ended.then((ending): never => {
      throw new Error([`${this.name} did not start: it ended with ${ending}`, ...this.#lastLines].join('\n'));
    });
    return Promise.race([matched, ended]);
  }

  /** Sends SIGTERM only once, because a second signal would end the child immediately. Resolves when the child has ended. */
  stop(): Promise<Ending> {
    if (this.#stopping === undefined) {
      this.#stopping = this.ended;
      this.#process.kill('SIGTERM');
    }
    return this.#stopping;
  }

  #read(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > keptLines) this.#lastLines.shift();
    for (const listen of this.#listeners) listen(line);
  }
}
