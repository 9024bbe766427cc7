import type { NodeMeasures } from '../measures/node-measures.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import { type MeasuresReading, observeStore, readMeasures } from './read-measures.js';

/** How long a number of sessions is given again: it bounds what many scrapers make the store do. */
const freshTime = 5_000;

/** What an adapter reads of one service. */
export class MeasureSource {
  readonly measures: NodeMeasures;
  readonly #manager: SessionManager;
  #reading: MeasuresReading | undefined;
  #count: Promise<number> | undefined;
  #isCounted = false;
  #countedAt = 0;

  /** @throws SessionError `INVALID_ARGUMENT` unless it is a manager */
  constructor(manager: SessionManager, observesStore: boolean) {
    this.measures = runtimeOf(manager).events.measures;
    this.#manager = manager;
    if (observesStore) observeStore(manager);
  }

  /** The same for all that is read in one turn, such as all metrics of a scrape. */
  get reading(): MeasuresReading {
    if (this.#reading === undefined) {
      this.#reading = readMeasures(this.#manager);
      queueMicrotask(() => {
        this.#reading = undefined;
      });
    }
    return this.#reading;
  }

  async isStoreUp(): Promise<boolean> {
    try {
      await this.#manager.ping();
      return true;
    } catch {
      return false;
    }
  }

  /** Not older than some seconds, and counted once at a time. `undefined` when the store could not be asked. */
  async countSessions(): Promise<number | undefined> {
    try {
      return await this.#freshCount();
    } catch {
      return undefined;
    }
  }

  #freshCount(): Promise<number> {
    const { now } = this.#manager;
    // A clock that was set back must not keep an old count.
    const isOld = this.#isCounted && Math.abs(now - this.#countedAt) >= freshTime;
    if (this.#count !== undefined && !isOld) return this.#count;
    const count = this.#manager.countSessions();
    this.#count = count;
    this.#isCounted = false;
    count.then(
      () => {
        this.#countedAt = now;
        this.#isCounted = true;
      },
      () => {
        this.#count = undefined;
      },
    );
    return count;
  }
}
