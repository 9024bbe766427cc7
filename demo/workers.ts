import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';

/** A worker that ended younger than this did not so much die as fail to start. Milliseconds. */
const infancy = 5_000;
const longestPause = 30_000;

/** How a process ended: its exit code, or the signal that killed it. */
type Ending = number | string;

/** One place among the workers: whoever holds it may change. */
interface Place {
  readonly number: number;
  worker: Worker | undefined;
  /** The start of a worker that is to have it. */
  filling: Promise<string> | undefined;
}

/**
 * Keeps so many workers at work on one port. One that dies is followed by another, sooner or later by how long it
 * lived, so that one that can't live does not take all the machine's time. A reload replaces one after the other: the
 * new one serves before the old one stops, and so the port is never unserved.
 */
export class Workers {
  readonly #places: readonly Place[];
  readonly #stopping = new AbortController();
  /** Workers that are meant to end. */
  readonly #leaving = new Set<Worker>();
  #failures = 0;
  #reloading: Promise<void> | undefined;
  #reloadAgain = false;

  /** @param entry file that each worker runs */
  constructor(entry: string, count: number) {
    cluster.setupPrimary({ exec: entry, args: [] });
    this.#places = Array.from({ length: count }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      filling: undefined,
    }));
  }

  /** @returns the URL that they serve; rejects when one can't start */
  async start(): Promise<string> {
    const urls = await Promise.all(this.#places.map((place) => this.#fill(place)));
    return urls[0] ?? '';
  }

  /** Replaces each worker, one after the other. Asked for while it is under way, it is done once more after. */
  reload(): Promise<void> {
    this.#reloadAgain = true;
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  /** Rejects when one of them did not stop as it should. */
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
    // The signal itself ends only one that had not begun to serve.
    if (endings.some((ending) => ending !== 0 && ending !== 'SIGTERM'))
      throw new Error(`The workers ended with ${endings.join(' and ')}`);
  }

  async #reload(): Promise<void> {
    while (this.#reloadAgain && !this.#isStopping) {
      this.#reloadAgain = false;
      for (const place of this.#places) {
        if (this.#isStopping) return;
        const old = place.worker;
        try {
          await this.#fill(place);
        } catch (error) {
          // Whatever is wrong with the new ones, the old ones still serve.
          console.error(`reload given up: ${error instanceof Error ? error.message : error}`);
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
    worker.send('retire');
    await ending;
  }

  /**
   * Puts a new worker there: one, though the old one may die while a reload replaces it.
   * @returns the URL that it serves
   */
  #fill(place: Place): Promise<string> {
    place.filling ??= this.#start(place).finally(() => {
      place.filling = undefined;
    });
    return place.filling;
  }

  async #start(place: Place): Promise<string> {
    const worker = cluster.fork();
    const bornAt = performance.now();
    const ending = endingOf(worker);
    const url = await Promise.race([
      urlOf(worker),
      ending.then((how): never => {
        throw new Error(`worker ${place.number} did not start: it ended with ${how}`);
      }),
    ]);
    place.worker = worker;
    console.log(`worker ${place.number} (process ${worker.process.pid}) serves`);
    void ending.then((how) => this.#afterDeath(place, worker, bornAt, how));
    return url;
  }

  async #afterDeath(place: Place, worker: Worker, bornAt: number, how: Ending): Promise<void> {
    if (this.#leaving.delete(worker) || this.#isStopping || place.worker !== worker) return;
    place.worker = undefined;
    console.error(`worker ${place.number} (process ${worker.process.pid}) ended with ${how}; another takes its place`);
    this.#failures = performance.now() - bornAt < infancy ? this.#failures + 1 : 0;
    while (!this.#isStopping && place.worker === undefined) {
      try {
        if (this.#failures > 0) await this.#pause();
        if (place.worker === undefined) await this.#fill(place);
      } catch (error) {
        if (this.#isStopping) return;
        this.#failures += 1;
        console.error(error instanceof Error ? error.message : error);
      }
    }
  }

  #pause(): Promise<void> {
    return delay(Math.min(longestPause, 100 * 2 ** this.#failures), undefined, { signal: this.#stopping.signal });
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}

function endingOf(worker: Worker): Promise<Ending> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => resolve(signal ?? code));
  });
}

function urlOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    const listen = (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('url' in message)) return;
      worker.off('message', listen);
      resolve(String(message.url));
    };
    worker.on('message', listen);
  });
}
