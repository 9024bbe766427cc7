import { median } from './stats.js';

/** One subject's figures in one round, by metric. */
export type Figures = Readonly<Record<string, number>>;

/** The figures of all subjects in one round. */
export type Round = ReadonlyMap<string, Figures>;

export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly format: (value: number) => string;
}

/** A bound on `subject's metric / peer's metric`. */
export interface Target {
  readonly metric: string;
  readonly peer: string;
  readonly peerMetric?: string;
  readonly bound: 'at least' | 'at most' | 'more than' | 'less than';
  readonly ratio: number;
}

export function medianFigure(rounds: readonly Round[], subject: string, metric: string): number | undefined {
  const values = rounds.map((round) => round.get(subject)?.[metric]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** The median of the ratios within each round, because within a round both sides had the same load of the machine. */
export function medianRatio(rounds: readonly Round[], subject: string, target: Target): number | undefined {
  const ratios: number[] = [];
  for (const round of rounds) {
    const own = round.get(subject)?.[target.metric];
    const peer = round.get(target.peer)?.[target.peerMetric ?? target.metric];
    if (own !== undefined && peer !== undefined) ratios.push(own / peer);
  }
  return ratios.length === 0 ? undefined : median(ratios);
}

export function isMet(target: Target, ratio: number): boolean {
  switch (target.bound) {
    case 'at least':
      return ratio >= target.ratio;
    case 'at most':
      return ratio <= target.ratio;
    case 'more than':
      return ratio > target.ratio;
    case 'less than':
      return ratio < target.ratio;
  }
}
