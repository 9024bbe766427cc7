/** Reading of a histogram. */
export interface DistributionReading {
  /** Upper bounds of the buckets, ascending, each inclusive. */
  readonly bounds: readonly number[];
  /** Number of values in each bucket. There is one more bucket than bounds, for the values above the last bound. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

export type DistributionListener = (kind: string, value: number) => void;

interface Series {
  readonly buckets: number[];
  count: number;
  sum: number;
}

/** A histogram for each kind. The set of kinds is fixed, so that the object never grows. */
export class Distribution<Kind extends string> {
  readonly bounds: readonly number[];
  readonly #series: Map<Kind, Series>;
  readonly #listeners = new Set<DistributionListener>();

  /** @param bounds ascending */
  constructor(bounds: readonly number[], kinds: readonly Kind[]) {
    this.bounds = bounds;
    this.#series = new Map(kinds.map((kind) => [kind, this.#newSeries()]));
  }

  observe(kind: Kind, value: number): void {
    let series = this.#series.get(kind);
    if (series === undefined) {
      series = this.#newSeries();
      this.#series.set(kind, series);
    }
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket += 1;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    series.count += 1;
    series.sum += value;
    // Usually there is no listener: do not create an iterator then.
    if (this.#listeners.size > 0) for (const listener of this.#listeners) listener(kind, value);
  }

  /**
   * Passes each later value to a listener, such as the histogram of a library.
   * @param listener must not throw
   * @returns a function that removes the listener
   */
  onObserve(listener: DistributionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns a copy of the readings, by kind */
  read(): Readonly<Record<string, DistributionReading>> {
    const { bounds } = this;
    const entries = [...this.#series].map(([kind, { buckets, count, sum }]) => {
      return [kind, { bounds, buckets: [...buckets], count, sum }] as const;
    });
    return Object.fromEntries(entries);
  }

  #newSeries(): Series {
    return { buckets: new Array<number>(this.bounds.length + 1).fill(0), count: 0, sum: 0 };
  }
}

/**
 * Returns the value below which this part of all values lies, as an estimate: within a bucket, values count as evenly
 * spread. Returns `undefined` when there is no value. Values above the last bound count as the last bound.
 * @param part 0 to 1, such as 0.99
 */
export function quantileOf({ bounds, buckets, count }: DistributionReading, part: number): number | undefined {
  if (count === 0) return undefined;
  const rank = part * count;
  let below = 0;
  let lower = 0;
  for (const [index, upper] of bounds.entries()) {
    const inBucket = buckets[index] ?? 0;
    if (inBucket > 0 && below + inBucket >= rank) return lower + ((upper - lower) * (rank - below)) / inBucket;
    below += inBucket;
    lower = upper;
  }
  return lower;
}
