import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for the end of its input, which occurs when the process that holds the other end has ended in any way: an exit, a
 * crash, or a signal that can not be caught. Signals from a terminal reach the whole group, but must not stop the guard.
 */
const script = 'trap "" INT TERM HUP; read -r _; kill -KILL "$1" 2>/dev/null; rm -rf -- "$2"';

/** Kills a process and removes its folder when this process has ended without doing so itself. */
export class ProcessGuard {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;

  constructor(pid: number, folder: string) {
    const child = spawn('/bin/sh', ['-c', script, 'guard', String(pid), folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#gone = new Promise((resolve) => child.once('close', () => resolve()));
    this.#child = child;
  }

  /** Ends the guard, because the process has ended by itself and another process may soon have its number. */
  async dismiss(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }
}
