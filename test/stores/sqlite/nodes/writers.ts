import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { programFile } from '../../../support/program.js';
import type { Acknowledgement, WriterOrder } from './writer.js';

const program = programFile(new URL('./writer.js', import.meta.url));
const primaryProgram = programFile(new URL('./primary.js', import.meta.url));

/** Signals that native code sends itself when it crashes. */
const crashes: ReadonlySet<string> = new Set(['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGTRAP']);

/** The state of a session as the reports of its writer show it. */
export interface Promised {
  readonly id: string;
  readonly secretHash: string;
  /** Number of the latest acknowledged push. */
  pushed: number;
  closing: 'no' | 'asked' | 'done';
}

/** Processes that write to one database, and all that was acknowledged to them. */
export class Writers {
  readonly promises = new Map<string, Promised>();
  readonly failures = new Map<string, number>();
  acknowledged = 0;
  readonly #path: string;
  readonly #durability: string;
  readonly #running = new Set<ChildProcess>();

  constructor(path: string, durability: 'commit' | 'interval' = 'commit') {
    this.#path = path;
    this.#durability = durability;
  }

  get running(): readonly ChildProcess[] {
    return [...this.#running];
  }

  start(): ChildProcess {
    return this.#follow(fork(program, [this.#path, this.#durability], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] }));
  }

  /**
   * Starts the primary of a cluster. Its workers are writers that end no session.
   * @returns `allGone` resolves once the primary and its workers have ended
   */
  startCluster(workers: number): { readonly primary: ChildProcess; readonly allGone: Promise<unknown> } {
    const args = [this.#path, this.#durability, String(workers)];
    const primary = fork(primaryProgram, args, { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
    // The primary and its workers hold the other end of this pipe.
    const { stdout } = primary;
    if (stdout === null) throw new Error('the primary has no pipe');
    stdout.resume();
    return { primary: this.#follow(primary), allGone: once(stdout, 'end') };
  }

  #follow(child: ChildProcess): ChildProcess {
    this.#running.add(child);
    child.on('message', (acknowledgement: Acknowledgement) => this.#note(acknowledgement));
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      errors = (errors + text).slice(-4_000);
    });
    child.once('exit', () => this.#running.delete(child));
    // At this event, all of the child's stderr has been read.
    child.once('close', (_code, signal) => {
      if (signal !== null && crashes.has(signal)) this.#noteFailure(`${signal} ${errors}`);
    });
    return child;
  }

  /** Resolves after `count` more acknowledgements. */
  async goOn(count: number): Promise<void> {
    const enough = this.acknowledged + count;
    while (this.acknowledged < enough) {
      if (this.#running.size === 0) throw new Error('no writer is left');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async end(child: ChildProcess, how: WriterOrder | NodeJS.Signals): Promise<void> {
    // The child has already emitted `exit`.
    if (!this.#running.has(child)) return;
    const gone = once(child, 'exit');
    if (how === 'exit' || how === 'throw' || how === 'close') child.send(how, () => {});
    else child.kill(how);
    await gone;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.running.map((child) => this.end(child, 'SIGKILL')));
  }

  #note(acknowledgement: Acknowledgement): void {
    if (acknowledgement.kind === 'failed') {
      this.#noteFailure(acknowledgement.message);
      return;
    }
    this.acknowledged += 1;
    const { id } = acknowledgement;
    if (acknowledgement.kind === 'created') {
      this.promises.set(id, { id, secretHash: acknowledgement.secretHash, pushed: 0, closing: 'no' });
      return;
    }
    const promised = this.promises.get(id);
    if (promised === undefined) return;
    if (acknowledgement.kind === 'pushed') promised.pushed = acknowledgement.number;
    else promised.closing = acknowledgement.kind === 'closed' ? 'done' : 'asked';
  }

  #noteFailure(message: string): void {
    this.failures.set(message, (this.failures.get(message) ?? 0) + 1);
  }
}
