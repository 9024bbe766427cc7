import { isMainThread, Worker } from 'node:worker_threads';
import type { EngineOperations } from './engine/catalogue.js';
import { storeUnavailable } from './unavailable.js';
import type { Answer, EngineCall, EngineOrder, EngineReport, EngineSettings, Notice, Refusal, Ring } from './wire.js';

/** Between the end of a thread and the start of the next. Milliseconds. */
const restartPause = 1_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Whom the engine tells besides those who asked. None of them throws. */
export interface EngineEars {
  readonly notices: (notices: readonly Notice[]) => void;
  readonly rings: (rings: readonly Ring[]) => void;
  /** The engine was thought to be stuck, and is not any more. */
  readonly recovered: () => void;
  readonly errorOf: (refusal: Refusal) => Error;
}

/**
 * The thread that has the environment open, as its store sees it. What is asked in one turn of the event loop goes
 * there together. The thread may have to wait, for a lock or for a disk; who asks waits no longer than `patience`.
 */
export class EngineLink {
  readonly #settings: EngineSettings;
  readonly #now: () => number;
  readonly #patience: number;
  readonly #ears: EngineEars;
  #worker: Worker | undefined;
  #gone: Promise<void> = Promise.resolve();
  #calls: EngineCall[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;
  #alarm: NodeJS.Timeout | undefined;
  #reports = 0;
  #isClosing = false;
  #restart: NodeJS.Timeout | undefined;
  #restarting: Promise<void> = Promise.resolve();
  /** The opening took longer than anybody waits. */
  #isStuck = false;
  /** Why every call fails for now. */
  #trouble: string | undefined;

  constructor(settings: EngineSettings, now: () => number, patience: number, ears: EngineEars) {
    this.#settings = settings;
    this.#now = now;
    this.#patience = patience;
    this.#ears = ears;
  }

  /** @throws SessionError `STORE_UNAVAILABLE` */
  async open(): Promise<void> {
    this.#isClosing = false;
    await this.#start();
    this.#trouble = undefined;
  }

  async #start(): Promise<void> {
    const worker = new Worker(new URL('./engine/main.js', import.meta.url), {
      workerData: this.#settings,
      name: 'session-mailbox-lmdb',
      // Those of this process may make no sense for a file, as `--input-type`.
      execArgv: [],
    });
    this.#worker = worker;
    this.#isStuck = false;
    this.#gone = new Promise((resolve) => worker.once('exit', () => resolve()));
    try {
      await this.#readiness(worker);
    } catch (error) {
      this.#worker = undefined;
      if (this.#isStuck) this.#abandon(worker);
      else await this.#gone;
      throw error;
    }
    worker.on('message', (told: EngineReport) => this.#hear(told));
    worker.on('error', (error) => this.#lose(worker, `The thread of the LMDB store ended: ${error.message}`));
    worker.on('exit', () => this.#lose(worker, 'The thread of the LMDB store has ended'));
    worker.unref();
  }

  call<Name extends keyof EngineOperations>(
    name: Name,
    ...args: Parameters<EngineOperations[Name]>
  ): Promise<ReturnType<EngineOperations[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#trouble !== undefined) {
        reject(storeUnavailable(this.#trouble));
        return;
      }
      this.#number += 1;
      // It answers what that operation returns: both ends are made of the same table.
      this.#waiting.set(this.#number, { resolve: resolve as Waiting['resolve'], reject });
      if (this.#calls.length === 0) setImmediate(() => this.#send());
      this.#calls.push({ number: this.#number, name, args });
    });
  }

  /** Has the engine look into this node's inbox. */
  look(): void {
    this.#order({ kind: 'look' });
  }

  /** Waits for what was asked before. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#restart);
    await this.#restarting;
    const worker = this.#worker;
    if (worker === undefined) return;
    await this.#settle();
    this.#order({ kind: 'close' });
    worker.ref();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#patience);
      void this.#gone.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    if (this.#worker !== undefined) this.#letProcessEnd(worker);
    this.#worker = undefined;
    worker.unref();
  }

  /**
   * A thread that waits for a lock is never ended by force: it would get the lock one day, and nobody would let go of
   * it again. It ends by itself, once it can.
   */
  #abandon(worker: Worker): void {
    const order: EngineOrder = { kind: 'close' };
    worker.postMessage(order);
    worker.unref();
    this.#letProcessEnd(worker);
  }

  /** Node waits for its threads when it exits, and this one may never come: then the system ends both. */
  #letProcessEnd(worker: Worker): void {
    if (!isMainThread) return;
    const end = () => process.kill(process.pid, 'SIGKILL');
    process.once('exit', end);
    worker.once('exit', () => process.off('exit', end));
  }

  async #settle(): Promise<void> {
    while (this.#waiting.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  #readiness(worker: Worker): Promise<void> {
    const { path } = this.#settings;
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: unknown) => {
        clearTimeout(timer);
        worker.removeAllListeners('message').removeAllListeners('error').off('exit', failAtExit);
        worker.on('error', () => {});
        reject(storeUnavailable(why, cause));
      };
      const failAtExit = () => fail('The thread of the LMDB store did not start');
      const held = `The lock of the LMDB environment in ${path} is held by another process that does not let go of it: end that process, or let it go on`;
      const timer = setTimeout(() => {
        this.#isStuck = true;
        fail(held);
      }, this.#patience);
      worker.once('message', (told: EngineReport) => {
        if (told.kind === 'failed') return fail(told.why);
        clearTimeout(timer);
        worker.removeAllListeners('error').off('exit', failAtExit);
        resolve();
      });
      worker.once('error', (error) => fail(`The thread of the LMDB store did not start: ${error.message}`, error));
      worker.once('exit', failAtExit);
    });
  }

  #send(): void {
    const calls = this.#calls;
    this.#calls = [];
    this.#order({ kind: 'calls', now: this.#now(), calls });
    // Whoever waits for an answer keeps the process alive.
    this.#worker?.ref();
    this.#watchOver();
  }

  #order(order: EngineOrder): void {
    this.#worker?.postMessage(order);
  }

  #hear(told: EngineReport): void {
    if (told.kind !== 'done') return;
    this.#reports += 1;
    for (const answer of told.answers) this.#end(answer);
    if (this.#waiting.size === 0) this.#rest();
    if (this.#trouble !== undefined) {
      this.#trouble = undefined;
      this.#ears.recovered();
    }
    this.#ears.notices(told.notices);
    if (told.rings.length > 0) this.#ears.rings(told.rings);
  }

  #end(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.number);
    if ('refusal' in answer) waiting.reject(this.#ears.errorOf(answer.refusal));
    else waiting.resolve(answer.value);
  }

  #rest(): void {
    clearTimeout(this.#alarm);
    this.#alarm = undefined;
    this.#worker?.unref();
  }

  /** As long as answers come, nobody is stuck: with much to do each waits longer. */
  #watchOver(): void {
    if (this.#alarm !== undefined) return;
    const seen = this.#reports;
    this.#alarm = setTimeout(() => {
      this.#alarm = undefined;
      if (this.#waiting.size === 0) return;
      if (this.#reports === seen) this.#despair();
      else this.#watchOver();
    }, this.#patience);
    this.#alarm.unref();
  }

  #despair(): void {
    const { path } = this.#settings;
    this.#trouble = `The LMDB environment in ${path} gave no answer for ${this.#patience} ms: another process that was stopped may hold its lock, or the disk is stuck`;
    this.#failAll(this.#trouble);
    this.#rest();
  }

  #lose(worker: Worker, why: string): void {
    // One that fails exits as well.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#trouble = why;
    this.#failAll(why);
    clearTimeout(this.#alarm);
    this.#alarm = undefined;
    this.#restartLater();
  }

  /** What one thread could not go on with, the next one may. */
  #restartLater(): void {
    if (this.#isClosing) return;
    this.#restart = setTimeout(() => {
      this.#restarting = this.#start().then(
        () => {
          this.#trouble = undefined;
          this.#ears.recovered();
        },
        (error) => {
          this.#trouble = error instanceof Error ? error.message : String(error);
          this.#restartLater();
        },
      );
    }, restartPause);
    this.#restart.unref();
  }

  #failAll(why: string): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of all) reject(storeUnavailable(why));
  }
}
