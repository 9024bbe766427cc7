import type { NodeEntry, Overview } from './wire.js';

/** What is plotted: five minutes at one look every two seconds. */
const most = 150;
/** Other nodes report every five seconds: a rate over less would jump. */
const rateTime = 10_000;

interface Sample {
  readonly at: number;
  readonly nodes: ReadonlyMap<string, NodeEntry>;
}

/** Figures over the time that the page was open. Immutable. */
export class History {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[] = []) {
    this.#samples = samples;
  }

  with({ at, nodes }: Overview): History {
    // Another operator's look may have been answered with the same figures.
    if (this.#samples.at(-1)?.at === at) return this;
    const sample = { at, nodes: new Map(nodes.map((node) => [node.node, node])) };
    return new History([...this.#samples, sample].slice(-most));
  }

  /** The sum over all nodes, at each look. */
  sums(of: (node: NodeEntry) => number | undefined): readonly number[] {
    return this.#samples.map(({ nodes }) => sum([...nodes.values()].map((node) => of(node) ?? 0)));
  }

  /** The largest of all nodes, at each look. */
  largest(of: (node: NodeEntry) => number | undefined): readonly number[] {
    return this.#samples.map(({ nodes }) => Math.max(0, ...[...nodes.values()].map((node) => of(node) ?? 0)));
  }

  /** Of a count that only grows, what it grew by in a second, over all nodes. A node that came or went adds nothing. */
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
   * The time within which this part of the messages reached clients that waited for them, in milliseconds, over all nodes; 0
   * where there was none.
   * @param part 0 to 1
   */
  latencies(part: number): readonly number[] {
    return this.#spans().map(({ before, after }) => quantileOf(latencyBetween(before, after), part) * 1_000);
  }

  /** Each look, with one that was some time before it. */
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

/** What was delivered in between. Nodes whose bounds are others, such as those of another version, are left out. */
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

/** Within a bucket values count as evenly spread. */
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

/** The number of one event at a node, of all its kinds or of one. */
export function eventCount({ figures }: NodeEntry, event: string, kind?: string): number {
  const found = figures.counts?.[event];
  if (found === undefined) return 0;
  if (typeof found === 'number') return kind === undefined ? found : 0;
  return kind === undefined ? sum(Object.values(found)) : (found[kind] ?? 0);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
