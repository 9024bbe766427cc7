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
  rates(of: (node: NodeEntry) => number): readonly number[] {
    return this.#samples.flatMap((sample, index) => {
      const before = this.#samples.slice(0, index).findLast(({ at }) => sample.at - at >= rateTime) ?? this.#samples[0];
      if (before === undefined || before.at >= sample.at) return [];
      const growth = [...sample.nodes].map(([name, node]) => {
        const earlier = before.nodes.get(name);
        return earlier === undefined ? 0 : Math.max(0, of(node) - of(earlier));
      });
      return [(sum(growth) * 1_000) / (sample.at - before.at)];
    });
  }
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
