import { microseconds, milliseconds, perSecond } from '../support/report.js';
import type { Metric, Target } from '../support/results.js';
import { FRONT_OPERATIONS } from './express/operations.js';
import { OPERATIONS } from './operations/operations.js';

const times = (value: number): string => (value < 10 ? `${value.toFixed(2)} ms` : milliseconds(value));

/** Formats a ratio to an equal share. */
const percent = (value: number): string => `${Math.round(100 * value)} %`;

export const OPERATION_METRICS: readonly Metric[] = [
  ...OPERATIONS.map((name) => ({ name, title: name, format: perSecond })),
  ...OPERATIONS.map((name) => ({ name: `${name}Cpu`, title: `CPU of the node per ${name}`, format: microseconds })),
];

/** A store on this machine should not be slower than a store that is reached over a socket. */
export const OPERATION_TARGETS: readonly Target[] = OPERATIONS.map((metric) => ({
  metric,
  peer: 'Redis',
  bound: 'at least',
  ratio: 1,
}));

/**
 * Operations a second that `commit` must reach with one core. The LMDB store, which was removed, reached these rates on
 * the same machine when nothing else ran.
 */
export const OPERATION_BARS: Readonly<Record<(typeof OPERATIONS)[number], number>> = {
  create: 18_000,
  authenticate: 34_000,
  get: 113_000,
  push: 21_000,
  poll: 0.8 * 27_000,
  kill: 9_000,
};

export const WORKER_METRICS: readonly Metric[] = [
  { name: 'rate', title: 'messages pushed and polled', format: perSecond },
  { name: 'cpu', title: 'CPU of all workers per message', format: microseconds },
  { name: 'loopDelay', title: 'event-loop delay meanwhile, p99', format: times },
  { name: 'p50', title: 'latency of a steady flow, p50', format: times },
  { name: 'p99', title: 'latency of a steady flow, p99', format: times },
];

/** Minimum ratio of the messages that two workers deliver to the messages that one worker delivers. */
export const LEAST_GAIN = 1.3;
/** Maximum milliseconds with two workers. */
export const MOST_DELAY = { loopDelay: 5, p50: 1, p99: 5 } as const;

export const CROWD_METRICS: readonly Metric[] = [
  { name: 'rate', title: 'messages pushed and polled', format: perSecond },
  { name: 'smallest', title: 'smallest share of a worker', format: percent },
  { name: 'largest', title: 'largest share of a worker', format: percent },
  { name: 'wakeUpCpu', title: 'CPU of a woken worker per message', format: microseconds },
  { name: 'p50', title: 'latency of a steady flow, p50', format: times },
  { name: 'p99', title: 'latency of a steady flow, p99', format: times },
];

export const FRONT_METRICS: readonly Metric[] = [
  ...FRONT_OPERATIONS.map((name) => ({ name, title: name, format: perSecond })),
  ...FRONT_OPERATIONS.map((name) => ({ name: `${name}Cpu`, title: `CPU per ${name}`, format: microseconds })),
];

const LEAST_FRONT_RATIO = 3;

/** For each of our stores, the peers that give the same guarantee when they answer a save. */
export const FRONT_PEERS: Readonly<Record<string, readonly string[]>> = {
  SQLite: ['better-sqlite3-session-store'],
  'SQLite (interval)': ['better-sqlite3-session-store (WAL)', 'session-file-store'],
};

export function frontTargets(name: string): readonly Target[] {
  return (FRONT_PEERS[name] ?? []).flatMap((peer) =>
    FRONT_METRICS.map(({ name: metric }): Target => {
      return metric.endsWith('Cpu')
        ? { metric, peer, bound: 'at most', ratio: Number((1 / LEAST_FRONT_RATIO).toFixed(2)) }
        : { metric, peer, bound: 'at least', ratio: LEAST_FRONT_RATIO };
    }),
  );
}

export function columnOf(name: string, workers: number): string {
  return `${name}, ${workers === 1 ? 'one worker' : 'two workers'}`;
}
