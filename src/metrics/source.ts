import type { NodeMeasures } from '../measures/node-measures.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import { type MeasuresReading, observeStore, readMeasures } from './read-measures.js';

/** Milliseconds for which a number of sessions is cached. Limits the load of many scrapers on the store. */
const freshTime = 5_000;

/** The source from which an adapter reads the measures of one service. */
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

  /** The reading for one turn of the event loop: all metrics of a scrape share it. */
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

  /**
   * Returns a count at most some seconds old; concurrent calls share one count. `undefined` if the store call failed.
   */
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
