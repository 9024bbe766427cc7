import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../time/clock.js';

/** Mailboxes read again in one turn of the event loop. */
const stepSize = 500;

/** Has mailboxes read again: all of them when notices were missed, and one by one when the store could not be asked. */
export class Rereading {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #everyone: () => Iterable<string>;
  readonly #read: (id: string) => void;
  readonly #unread = new Set<string>();
  #timer: Timer | undefined;
  /** Whether all are being read again, and whether more was missed since that began. */
  #round: 'none' | 'reading' | 'more' = 'none';

  /** @param pause before a mailbox is tried again that could not be read, in milliseconds */
  constructor(clock: Clock, pause: number, everyone: () => Iterable<string>, read: (id: string) => void) {
    this.#clock = clock;
    this.#pause = pause;
    this.#everyone = everyone;
    this.#read = read;
  }

  all(): void {
    const isReading = this.#round !== 'none';
    this.#round = 'more';
    if (!isReading) void this.#readAll();
  }

  /** The store was away when it was asked: nobody but us will ask again. */
  later(id: string): void {
    this.#unread.add(id);
    this.#timer ??= this.#clock.setTimer(this.#pause, () => this.#readUnread());
  }

  /** It was read, or nobody waits there any more. */
  forget(id: string): void {
    if (this.#timer === undefined || !this.#unread.delete(id) || this.#unread.size > 0) return;
    this.#timer.cancel();
    this.#timer = undefined;
  }

  #readUnread(): void {
    this.#timer = undefined;
    const ids = [...this.#unread];
    this.#unread.clear();
    for (const id of ids) this.#read(id);
  }

  /** Step by step: a crowd that reads all at once would hold up everything else. */
  async #readAll(): Promise<void> {
    let read = 0;
    while (this.#round === 'more') {
      this.#round = 'reading';
      for (const id of [...this.#everyone()]) {
        this.#read(id);
        read += 1;
        if (read % stepSize === 0) await nextTurn();
      }
    }
    this.#round = 'none';
  }
}
