import type { NodeMeasures } from '../measures/node-measures.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import { type MeasuresReading, observeStore, readMeasures } from './read-measures.js';

/** What an adapter reads of one service. */
export class MeasureSource {
  readonly measures: NodeMeasures;
  readonly #manager: SessionManager;
  #reading: MeasuresReading | undefined;

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
}
