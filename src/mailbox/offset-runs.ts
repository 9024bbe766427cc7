/** Runs remembered before the oldest is forgotten; 16 bytes each. */
const mostRuns = 256;

/**
 * A set of offsets, kept as runs of neighbours: the places that keyed messages left when newer ones replaced them.
 * Bounded: past 256 runs the oldest is forgotten, so that a reader that far behind is told of more loss than it had,
 * never of less.
 */
export class OffsetRuns {
  /** First and last offset of each run, in ascending order: first, last, first, last, … */
  readonly #bounds: number[];

  constructor(bounds: readonly number[] = []) {
    this.#bounds = [...bounds];
  }

  add(offset: number): void {
    const bounds = this.#bounds;
    let index = bounds.length;
    // Nearly always near the tail: what gets replaced was pushed lately.
    while (index > 0 && (bounds[index - 2] ?? 0) > offset) index -= 2;
    const joinsPrevious = index > 0 && bounds[index - 1] === offset - 1;
    const joinsNext = bounds[index] === offset + 1;
    if (joinsPrevious && joinsNext) bounds.splice(index - 1, 2);
    else if (joinsPrevious) bounds[index - 1] = offset;
    else if (joinsNext) bounds[index] = offset;
    else bounds.splice(index, 0, offset, offset);
    if (bounds.length > 2 * mostRuns) bounds.splice(0, 2);
  }

  /** How many offsets of the set lie in `(after, upTo]`. */
  countWithin(after: number, upTo: number): number {
    let count = 0;
    for (let index = this.#bounds.length - 2; index >= 0; index -= 2) {
      const first = Math.max(this.#bounds[index] ?? 0, after + 1);
      const last = Math.min(this.#bounds[index + 1] ?? 0, upTo);
      if ((this.#bounds[index + 1] ?? 0) <= after) break;
      if (last >= first) count += last - first + 1;
    }
    return count;
  }

  forgetUpTo(offset: number): void {
    let index = 0;
    while (index < this.#bounds.length && (this.#bounds[index + 1] ?? 0) <= offset) index += 2;
    if (index > 0) this.#bounds.splice(0, index);
  }

  get bounds(): readonly number[] {
    return this.#bounds;
  }
}
