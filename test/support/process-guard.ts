import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for its input to end, which happens however the process ends that holds the other side: by an exit, a crash, a
 * signal that nothing can catch. Signals from a terminal reach the whole group, and must not stop it.
 */
const script = 'trap "" INT TERM HUP; read -r _; kill -KILL "$1" 2>/dev/null; rm -rf -- "$2"';

/** Kills a process and removes its folder once this process is gone, unless that was done in an orderly way before. */
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

  /** The process is gone by itself; its number may be another's soon. */
  async dismiss(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }
}
