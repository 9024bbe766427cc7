import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** The functions that a parent can call in a child process: calls go over the IPC channel, with one reply each. */
export type Handlers<H> = { readonly [K in keyof H]: (...args: never[]) => unknown };

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Id of the reply with which a child reports that it listens; no call has it. The child must report this, because a
 * cluster worker loses messages that are sent to it before it listens.
 */
const READY = 0;
const CALL_TIMEOUT = 300_000;
const STOP_TIMEOUT = 5_000;

/** Answers the parent's calls, and exits when the parent does: a bench must leave no process behind. */
export function serveParent<H extends Handlers<H>>(handlers: H): void {
  const table = new Map<string, (...args: never[]) => unknown>(Object.entries(handlers));
  process.on('message', async ({ id, name, args }: Call) => {
    try {
      const handler = table.get(name);
      if (handler === undefined) throw new Error(`this child has no handler ${JSON.stringify(name)}`);
      reply({ id, value: await Reflect.apply(handler, undefined, args) });
    } catch (error) {
      reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
  reply({ id: READY });
}

function reply(message: Reply): void {
  process.send?.(message);
}

/** A child process whose handlers are called like local async functions. */
export class Child<H extends Handlers<H>> {
  readonly #process: ChildProcess;
  readonly #label: string;
  readonly #pending = new Map<number, Pending>();
  readonly #ready: Promise<void>;
  #lastId = READY;

  /** @param child a process with an IPC channel that calls `serveParent` */
  constructor(child: ChildProcess, label: string) {
    this.#label = label;
    this.#process = child;
    this.#ready = new Promise((resolve, reject) => this.#pending.set(READY, { resolve: () => resolve(), reject }));
    // Only prevents an unhandled rejection: the caller gets the error.
    this.#ready.catch(() => {});
    this.#process.on('message', (message: Reply) => this.#settle(message));
    this.#process.on('exit', (code, signal) => this.#failAll(`exited with ${signal ?? code}`));
  }

  static start<H extends Handlers<H>>(module: URL, args: readonly string[], execArgv: readonly string[]): Child<H> {
    return new Child<H>(fork(module, args, { execArgv: [...execArgv] }), args.join(' '));
  }

  async call<K extends keyof H & string>(name: K, ...args: Parameters<H[K]>): Promise<Awaited<ReturnType<H[K]>>> {
    const id = ++this.#lastId;
    await this.#ready;
    const timer = setTimeout(() => this.#failAll(`gave no answer to ${name} in ${CALL_TIMEOUT} ms`), CALL_TIMEOUT);
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { resolve: (value) => resolve(value as Awaited<ReturnType<H[K]>>), reject });
        this.#process.send({ id, name, args } satisfies Call);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT);
    if (this.#process.connected) this.#process.disconnect();
    await once(this.#process, 'exit');
    clearTimeout(timer);
  }

  #settle({ id, value, error }: Reply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new Error(`${this.#label}: ${error}`));
  }

  #failAll(why: string): void {
    for (const { reject } of this.#pending.values()) reject(new Error(`${this.#label} ${why}`));
    this.#pending.clear();
  }
}
