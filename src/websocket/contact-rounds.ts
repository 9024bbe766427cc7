import type { Clock, Timer } from '../time/clock.js';

/** Number of contacts within one `hbGrace`: one of them may fail without the session turning `away`. */
const contactsPerGrace = 2.5;
/**
 * Longest interval between contacts: with a long `hbGrace` and no change feed, ended sessions must still be found in
 * time.
 */
const longestIntervalMs = 30_000;
const mostSlices = 20;
/** Shortest time between two slices. A shorter time would only cost timers. */
const shortestSliceMs = 20;

/**
 * Visits each entry once per interval, one slice of the entries at each tick of one timer, so that ten thousand sockets
 * don't call the store at the same moment. The timer runs only while there are entries.
 */
export class ContactRounds<Visited> {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #slices: readonly Set<Visited>[];
  readonly #slicesOf = new Map<Visited, Set<Visited>>();
  readonly #visit: (visited: Visited) => void;
  #added = 0;
  #ticks = 0;
  #timer: Timer | undefined;

  /** @param grace silence after which a session turns `away`, in milliseconds */
  constructor(clock: Clock, grace: number, visit: (visited: Visited) => void) {
    const interval = Math.min(grace / contactsPerGrace, longestIntervalMs);
    const count = Math.max(1, Math.min(mostSlices, Math.floor(interval / shortestSliceMs)));
    this.#clock = clock;
    this.#pause = Math.max(1, Math.floor(interval / count));
    this.#slices = Array.from({ length: count }, () => new Set<Visited>());
    this.#visit = visit;
  }

  add(visited: Visited): void {
    const slice = this.#slices[this.#added % this.#slices.length];
    if (slice === undefined || this.#slicesOf.has(visited)) return;
    this.#added += 1;
    slice.add(visited);
    this.#slicesOf.set(visited, slice);
    this.#timer ??= this.#clock.setTimer(this.#pause, () => this.#tick());
  }

  remove(visited: Visited): void {
    if (this.#slicesOf.get(visited)?.delete(visited) !== true) return;
    this.#slicesOf.delete(visited);
    if (this.#slicesOf.size > 0) return;
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
