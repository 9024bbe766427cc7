import type { Clock, Timer } from '../time/clock.js';

/** Contacts in one grace: one may fail, and presence does not falter. */
const contactsPerGrace = 2.5;
/** Milliseconds; for graces so long that a session without a change feed would be found dead far too late. */
const longestInterval = 30_000;
const mostSlices = 20;
/** Milliseconds: slices thinner than this would only cost timers. */
const thinnestSlice = 20;

/**
 * Visits everyone once in every interval, a slice at each tick of one timer, so that ten thousand sockets don't call
 * the store in the same moment. The timer runs only while somebody is there.
 */
export class ContactRounds<Visited> {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #slices: readonly Set<Visited>[];
  readonly #places = new Map<Visited, Set<Visited>>();
  readonly #visit: (visited: Visited) => void;
  #arrivals = 0;
  #ticks = 0;
  #timer: Timer | undefined;

  /** @param grace silence after which a session turns `away`, in milliseconds */
  constructor(clock: Clock, grace: number, visit: (visited: Visited) => void) {
    const interval = Math.min(grace / contactsPerGrace, longestInterval);
    const count = Math.max(1, Math.min(mostSlices, Math.floor(interval / thinnestSlice)));
    this.#clock = clock;
    this.#pause = Math.max(1, Math.floor(interval / count));
    this.#slices = Array.from({ length: count }, () => new Set<Visited>());
    this.#visit = visit;
  }

  add(visited: Visited): void {
    const slice = this.#slices[this.#arrivals % this.#slices.length];
    if (slice === undefined || this.#places.has(visited)) return;
    this.#arrivals += 1;
    slice.add(visited);
    this.#places.set(visited, slice);
    this.#timer ??= this.#clock.setTimer(this.#pause, () => this.#tick());
  }

  remove(visited: Visited): void {
    if (this.#places.get(visited)?.delete(visited) !== true) return;
    this.#places.delete(visited);
    if (this.#places.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = this.#clock.setTimer(this.#pause, () => this.#tick());
    const slice = this.#slices[this.#ticks % this.#slices.length];
    this.#ticks += 1;
    for (const visited of slice ?? []) this.#visit(visited);
  }
}
