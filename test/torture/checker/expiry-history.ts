import { History, sinceStart } from './history.js';
import type { StoreChanges } from './store-changes.js';

/** A report of an expiry: a listener in a node was notified that a session expired. */
export interface Telling {
  readonly pid: number;
  readonly id: string;
  readonly at: number;
}

interface Session {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** Sessions that expire, and the reports of their expiries. */
export class ExpiryHistory extends History {
  readonly #sessions: Session[] = [];
  readonly #ttl: number;
  told = 0;
  /** Number of expiries that were reported more than once, because a process was killed or the store went back. */
  repeated = 0;
  forgotten = 0;

  /** @param ttl milliseconds after which the sessions expire */
  constructor(subject: string, ttl: number) {
    super(subject);
    this.#ttl = ttl;
  }

  created(id: string, from: number, to: number): void {
    this.#sessions.push({ id, from, to });
    this.note(`created ${id}`);
  }

  /** Returns the sessions whose expiry was not reported, although the store can not have forgotten them. */
  untold(tellings: readonly Telling[], changes: StoreChanges): readonly string[] {
    const told = new Set(tellings.map(({ id }) => id));
    const missing = this.#sessions.filter(({ id }) => !told.has(id));
    const isExcused = ({ from, to }: Session) =>
      changes.mayForgetSession(from, to) || changes.wasSilent(from + this.#ttl, to + this.#ttl);
    return missing.filter((session) => !isExcused(session)).map(({ id }) => id);
  }

  /** @param killed the time at which each process that did not stop cleanly ended, by its pid */
  settle(tellings: readonly Telling[], killed: ReadonlyMap<number, number>, changes: StoreChanges): void {
    for (const { pid, id, at } of tellings) this.note(`process ${pid} told ${id} at ${sinceStart(at)} ms`);
    for (const id of this.untold(tellings, changes)) this.violate(`the expiry of ${id} was never told`);
    for (const { id } of this.#sessions) {
      const own = tellings.filter((telling) => telling.id === id).toSorted((one, other) => one.at - other.at);
      if (own.length === 0) this.forgotten += 1;
      else this.told += 1;
      if (own.length > 1) this.repeated += 1;
      for (const [index, telling] of own.slice(0, -1).entries()) {
        const next = own[index + 1]?.at ?? telling.at;
        const wasKilled = (killed.get(telling.pid) ?? Number.POSITIVE_INFINITY) <= next;
        // A node acknowledges a report to the store some time after it has notified its listeners.
        if (!wasKilled && !changes.mayUndo(telling.at, next)) {
          this.violate(
            `the expiry of ${id} was told again at ${sinceStart(next)} ms, and process ${telling.pid} was not killed`,
          );
        }
      }
    }
  }
}
