import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ServedOptions } from '../stores/nodes/hosted-store.js';

const program = fileURLToPath(new URL('./node.js', import.meta.url));

/** One node, which is started again whenever it has ended. */
export class TorturedNode {
  port = 0;
  readonly #options: ServedOptions;
  #child: ChildProcess | undefined;

  constructor(options: ServedOptions) {
    this.#options = options;
  }

  /** Resolves once it serves; tries until it does, because its store may be down. */
  async start(): Promise<void> {
    while (!(await this.#launch()));
  }

  /** Ends it by the signal, and starts another in its place. */
  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  async pause(milliseconds: number): Promise<void> {
    this.#child?.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    this.#child?.kill('SIGCONT');
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.port = 0;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async #launch(): Promise<boolean> {
    const child = fork(program, [JSON.stringify(this.#options)], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#child = child;
    return new Promise((resolve) => {
      child.once('exit', () => resolve(false));
      child.once('message', ({ port }: { readonly port: number }) => {
        this.port = port;
        resolve(true);
      });
    });
  }
}
