/** Maximum number of runs, at 16 bytes each. */
const maxRuns = 256;

/**
 * A set of offsets, kept as runs of consecutive offsets. A mailbox keeps here the offsets of keyed messages that newer
 * messages replaced. Beyond 256 runs it forgets the oldest run. The `lost` count of a reader further behind is then too
 * high, but never too low.
 */
export class OffsetRuns {
  /** The first and last offset of each run, ascending: first, last, first, last, … */
  readonly #bounds: number[];

  constructor(bounds: readonly number[] = []) {
    this.#bounds = [...bounds];
  }

  add(offset: number): void {
    const bounds = this.#bounds;
    let index = bounds.length;
    // Search from the end, because replaced messages are nearly always recent.
    while (index > 0 && (bounds[index - 2] ?? 0) > offset) index -= 2;
    const joinsPrevious = index > 0 && bounds[index - 1] === offset - 1;
    const joinsNext = bounds[index] === offset + 1;
    if (joinsPrevious && joinsNext) bounds.splice(index - 1, 2);
    else if (joinsPrevious) bounds[index - 1] = offset;
    else if (joinsNext) bounds[index] = offset;
    else bounds.splice(index, 0, offset, offset);
    if (bounds.length > 2 * maxRuns) bounds.splice(0, 2);
  }

  /** Returns the number of offsets of the set in `(after, upTo]`. */
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
