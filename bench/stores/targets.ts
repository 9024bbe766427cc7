import { microseconds, milliseconds, perSecond } from '../support/report.js';
import type { Metric, Target } from '../support/results.js';
import { OPERATIONS } from './operations/operations.js';

const times = (value: number): string => (value < 10 ? `${value.toFixed(2)} ms` : milliseconds(value));

export const OPERATION_METRICS: readonly Metric[] = [
  ...OPERATIONS.map((name) => ({ name, title: name, format: perSecond })),
  ...OPERATIONS.map((name) => ({ name: `${name}Cpu`, title: `CPU of the node per ${name}`, format: microseconds })),
];

/** A store of this machine should not be slower than one that is asked over a socket. */
export const OPERATION_TARGETS: readonly Target[] = OPERATIONS.map((metric) => ({
  metric,
  peer: 'Redis',
  bound: 'at least',
  ratio: 1,
}));

export const WORKER_METRICS: readonly Metric[] = [
  { name: 'rate', title: 'messages pushed and polled', format: perSecond },
  { name: 'p50', title: 'latency of a steady flow, p50', format: times },
  { name: 'p99', title: 'latency of a steady flow, p99', format: times },
];

export function columnOf(name: string, workers: number): string {
  return `${name}, ${workers === 1 ? 'one worker' : 'two workers'}`;
}
