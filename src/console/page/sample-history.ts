import type { NodeEntry, Overview } from './api.js';

/** Maximum number of samples: five minutes at one sample every two seconds. */
const most = 150;
/** Milliseconds over which a rate is computed. Other nodes report every five seconds: rates over less time would jump. */
const rateTime = 10_000;

interface Sample {
  readonly at: number;
  readonly nodes: ReadonlyMap<string, NodeEntry>;
}

/** Figures of the last minutes in which the page was open. Immutable. */
export class SampleHistory {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[] = []) {
    this.#samples = samples;
  }

  with({ at, nodes }: Overview): SampleHistory {
    // The server caches figures: it may return the same figures again.
    if (this.#samples.at(-1)?.at === at) return this;
    const sample = { at, nodes: new Map(nodes.map((node) => [node.node, node])) };
    return new SampleHistory([...this.#samples, sample].slice(-most));
  }

  /** Returns the sum over all nodes, for each sample. */
  sums(of: (node: NodeEntry) => number | undefined): readonly number[] {
    return this.#samples.map(({ nodes }) => sum([...nodes.values()].map((node) => of(node) ?? 0)));
  }

  /** Returns the largest value of all nodes, for each sample. */
  largest(of: (node: NodeEntry) => number | undefined): readonly number[] {
    return this.#samples.map(({ nodes }) => Math.max(0, ...[...nodes.values()].map((node) => of(node) ?? 0)));
  }

  /** Returns the growth per second of a count over all nodes. A node that is in only one of the two samples adds nothing. */
  rates(of: (node: NodeEntry) => number | undefined): readonly number[] {
    return this.#spans().map(({ before, after }) => {
      const growth = [...after.nodes].map(([name, node]) => {
        const earlier = before.nodes.get(name);
        return earlier === undefined ? 0 : Math.max(0, (of(node) ?? 0) - (of(earlier) ?? 0));
      });
      return (sum(growth) * 1_000) / (after.at - before.at);
    });
  }

  /**
   * Returns the milliseconds within which this part of the messages reached clients that waited for them, over all nodes; 0
   * where there was no message.
   * @param part 0 to 1
   */
  latencies(part: number): readonly number[] {
    return this.#spans().map(({ before, after }) => quantileOf(latencyBetween(before, after), part) * 1_000);
  }

  /** Returns each sample together with a sample that is at least `rateTime` older, or else with the first sample. */
  #spans(): readonly Span[] {
    return this.#samples.flatMap((after, index) => {
      const before = this.#samples.slice(0, index).findLast(({ at }) => after.at - at >= rateTime) ?? this.#samples[0];
      return before === undefined || before.at >= after.at ? [] : [{ before, after }];
    });
  }
}

interface Span {
  readonly before: Sample;
  readonly after: Sample;
}

interface Latency {
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
}

/** Returns the deliveries between two samples. Leaves out nodes with other bounds, such as those of another version. */
function latencyBetween({ nodes: before }: Sample, { nodes: after }: Sample): Latency {
  let bounds: readonly number[] = [];
  const buckets: number[] = [];
  for (const [name, { figures }] of after) {
    const late = figures.messages?.latency;
    const early = before.get(name)?.figures.messages?.latency;
    if (late === undefined || early === undefined) continue;
    if (bounds.length === 0) bounds = late.bounds;
    if (String(bounds) !== String(late.bounds)) continue;
    for (const [index, count] of late.buckets.entries()) {
      buckets[index] = (buckets[index] ?? 0) + Math.max(0, count - (early.buckets[index] ?? 0));
    }
  }
  return { bounds, buckets };
}

/** Returns a quantile. Assumes that the values within a bucket are spread evenly. */
function quantileOf({ bounds, buckets }: Latency, part: number): number {
  const rank = part * sum(buckets);
  if (rank === 0) return 0;
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

/** Returns the count of an event at a node, for one kind or for all kinds. */
export function eventCount({ figures }: NodeEntry, event: string, kind?: string): number {
  const found = figures.counts?.[event];
  if (found === undefined) return 0;
  if (typeof found === 'number') return kind === undefined ? found : 0;
  return kind === undefined ? sum(Object.values(found)) : (found[kind] ?? 0);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
