import type { NodeMeasures } from '../measures/node-measures.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import type { PresenceCounts } from '../store/session-store.js';
import { type MeasuresReading, observeStore, readMeasures } from './read-measures.js';
import { RecentAnswer } from './recent-answer.js';

/** The source from which an adapter reads the measures of one service. */
export class MeasureSource {
  readonly measures: NodeMeasures;
  readonly #manager: SessionManager;
  readonly #sessions: RecentAnswer<number>;
  readonly #presence: RecentAnswer<PresenceCounts>;
  #reading: MeasuresReading | undefined;

  /** @throws SessionError `INVALID_ARGUMENT` unless it is a manager */
  constructor(manager: SessionManager, observesStore: boolean) {
    this.measures = runtimeOf(manager).events.measures;
    this.#manager = manager;
    this.#sessions = new RecentAnswer(manager, () => manager.countSessions());
    this.#presence = new RecentAnswer(manager, () => runtimeOf(manager).store.countPresence());
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

  /** Returns a count at most some seconds old, or `undefined` if the store call failed. */
  countSessions(): Promise<number | undefined> {
    return this.#sessions.get();
  }

  /** Like `countSessions`, for the sessions of all apps by presence. */
  countPresence(): Promise<PresenceCounts | undefined> {
    return this.#presence.get();
  }
}
