import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../time/clock.js';

/** Number of mailboxes that are read again in one turn of the event loop. */
const stepSize = 500;

/** Schedules mailboxes to be read again: all of them after missed notices, one of them after a failure of the store. */
export class Rereading {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #sessionIds: () => Iterable<string>;
  readonly #read: (id: string) => void;
  /** Sessions whose last read failed. */
  readonly #failed = new Set<string>();
  #timer: Timer | undefined;
  /** `repeat`: notices were missed after the current round began, so that another round must follow. */
  #round: 'none' | 'running' | 'repeat' = 'none';

  /**
   * @param pause milliseconds between a failed read and the next try
   * @param sessionIds the sessions whose mailboxes are read by `all`
   * @param read starts to read one mailbox; must not throw
   */
  constructor(clock: Clock, pause: number, sessionIds: () => Iterable<string>, read: (id: string) => void) {
    this.#clock = clock;
    this.#pause = pause;
    this.#sessionIds = sessionIds;
    this.#read = read;
  }

  /** Reads all mailboxes again: notices may have been missed. */
  all(): void {
    const isRunning = this.#round !== 'none';
    this.#round = 'repeat';
    if (!isRunning) void this.#readAll();
  }

  /** Reads the mailbox again after the pause. The store was unavailable, and may send no notice when it is back. */
  later(id: string): void {
    this.#failed.add(id);
    this.#timer ??= this.#clock.setTimer(this.#pause, () => this.#readFailed());
  }

  /** Cancels `later`: the mailbox was read, or has no waiter any more. */
  forget(id: string): void {
    if (this.#timer === undefined || !this.#failed.delete(id) || this.#failed.size > 0) return;
    this.#timer.cancel();
    this.#timer = undefined;
  }

  #readFailed(): void {
    this.#timer = undefined;
    const ids = [...this.#failed];
    this.#failed.clear();
    for (const id of ids) this.#read(id);
  }

  /** Reads in steps: reading all mailboxes in one turn would delay all other work of this node. */
  async #readAll(): Promise<void> {
    let count = 0;
    while (this.#round === 'repeat') {
      this.#round = 'running';
      for (const id of [...this.#sessionIds()]) {
        this.#read(id);
        count += 1;
        if (count % stepSize === 0) await nextTurn();
      }
    }
    this.#round = 'none';
  }
}
