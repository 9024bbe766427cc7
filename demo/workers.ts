import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';

/** A worker that ends within this time after its start counts as a failed start. */
const failedStartMs = 5_000;
const maxPauseMs = 30_000;

/** The exit code of a process, or the signal that killed it. */
type Ending = number | string;

/** A numbered position for a worker. The worker is replaced when it ends, and by a reload. */
interface Slot {
  readonly number: number;
  worker: Worker | undefined;
  /** The start of a worker for this slot, while it is in progress. */
  starting: Promise<string> | undefined;
}

/**
 * Keeps a number of workers serving one port. A worker that dies is replaced immediately. After failed starts there are
 * growing pauses, so that a worker that can't start does not use up the machine. A reload replaces the workers one after
 * the other. Each new worker serves before the old one stops, so that the port is always served.
 */
export class Workers {
  readonly #slots: readonly Slot[];
  readonly #stopping = new AbortController();
  /** Workers that the primary has asked to end. */
  readonly #leaving = new Set<Worker>();
  #failures = 0;
  #reloading: Promise<void> | undefined;
  #reloadAgain = false;

  /** @param entry the file that each worker runs */
  constructor(entry: string, count: number) {
    cluster.setupPrimary({ exec: entry, args: [] });
    this.#slots = Array.from({ length: count }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      starting: undefined,
    }));
  }

  /** Starts all workers. Rejects when a worker can't start. @returns the URL of the port */
  async start(): Promise<string> {
    const urls = await Promise.all(this.#slots.map((slot) => this.#fill(slot)));
    return urls[0] ?? '';
  }

  /** Replaces the workers, one after the other. A call during a reload causes one more reload after it. */
  reload(): Promise<void> {
    this.#reloadAgain = true;
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  /** Stops all workers. Rejects when one of them ended with an error. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const endings = await Promise.all(
      workers.map((worker) => {
        const ending = endingOf(worker);
        this.#leaving.add(worker);
        worker.process.kill('SIGTERM');
        return ending;
      }),
    );
    // SIGTERM is no error: it ends a worker that has not installed its signal handler yet.
    if (endings.some((ending) => ending !== 0 && ending !== 'SIGTERM'))
      throw new Error(`The workers ended with ${endings.join(' and ')}`);
  }

  async #reload(): Promise<void> {
    while (this.#reloadAgain && !this.#isStopping) {
      this.#reloadAgain = false;
      for (const slot of this.#slots) {
        if (this.#isStopping) return;
        const old = slot.worker;
        try {
          await this.#fill(slot);
        } catch (error) {
          // The old workers still serve.
          console.error(`reload failed: ${error instanceof Error ? error.message : error}`);
          return;
        }
        if (old !== undefined) await this.#retire(old);
      }
      console.log('reloaded');
    }
  }

  async #retire(worker: Worker): Promise<void> {
    if (worker.isDead()) return;
    const ending = endingOf(worker);
    this.#leaving.add(worker);
    // The worker sends 'closed' after it has stopped listening. Messages arrive in order: when 'closed' arrives here, the
    // cluster module already knows this, and the answer reaches the worker after the last connection that was handed to it.
    worker.on('message', (message) => {
      if (message === 'closed') send(worker, 'closed');
    });
    send(worker, 'retire');
    await ending;
  }

  /**
   * Starts a new worker for the slot. There is one start at a time: the old worker may die while a reload replaces it.
   * @returns the URL of the port
   */
  #fill(slot: Slot): Promise<string> {
    slot.starting ??= this.#start(slot).finally(() => {
      slot.starting = undefined;
    });
    return slot.starting;
  }

  async #start(slot: Slot): Promise<string> {
    const worker = cluster.fork();
    const startedAt = performance.now();
    const ending = endingOf(worker);
    const url = await Promise.race([
      urlOf(worker),
      ending.then((how): never => {
        throw new Error(`worker ${slot.number} did not start: it ended with ${how}`);
      }),
    ]);
    slot.worker = worker;
    worker.on('message', (message) => {
      if (message === 'reload') void this.reload();
    });
    console.log(`worker ${slot.number} (process ${worker.process.pid}) serves`);
    void ending.then((how) => this.#replace(slot, worker, startedAt, how));
    return url;
  }

  async #replace(slot: Slot, worker: Worker, startedAt: number, how: Ending): Promise<void> {
    if (this.#leaving.delete(worker) || this.#isStopping || slot.worker !== worker) return;
    slot.worker = undefined;
    console.error(`worker ${slot.number} (process ${worker.process.pid}) ended with ${how} and is replaced`);
    this.#failures = performance.now() - startedAt < failedStartMs ? this.#failures + 1 : 0;
    while (!this.#isStopping && slot.worker === undefined) {
      try {
        if (this.#failures > 0) await this.#pause();
        if (slot.worker === undefined) await this.#fill(slot);
      } catch (error) {
        if (this.#isStopping) return;
        this.#failures += 1;
        console.error(error instanceof Error ? error.message : error);
      }
    }
  }

  #pause(): Promise<void> {
    return delay(Math.min(maxPauseMs, 100 * 2 ** this.#failures), undefined, { signal: this.#stopping.signal });
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}

/** Sends with a callback: without it, the error for a worker that has just ended would be an unhandled event of the primary. */
function send(worker: Worker, message: string): void {
  worker.send(message, () => {});
}

function endingOf(worker: Worker): Promise<Ending> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => resolve(signal ?? code));
  });
}

function urlOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    const receive = (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('url' in message)) return;
      worker.off('message', receive);
      resolve(String(message.url));
    };
    worker.on('message', receive);
  });
}
