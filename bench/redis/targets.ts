import { microseconds, milliseconds, perSecond } from '../support/report.js';
import type { Metric, Target } from '../support/results.js';
import { OPERATIONS } from './operations/subject.js';

export const OURS = 'session-mailbox';
/** This package's replacement of the class of redis-sessions. */
export const FACADE = 'session-mailbox/redis-sessions';
export const LIMIT = 'redis-benchmark';
const PEER = 'redis-sessions';

const times = (value: number): string => value.toFixed(2);

export const OPERATION_METRICS: readonly Metric[] = [
  ...OPERATIONS.map((name) => ({ name, title: name, format: perSecond })),
  ...OPERATIONS.map((name) => ({ name: `${name}Redis`, title: `Redis CPU per ${name}`, format: microseconds })),
  ...OPERATIONS.map((name) => ({ name: `${name}Client`, title: `client CPU per ${name}`, format: microseconds })),
];

export const OPERATION_TARGETS: readonly Target[] = [
  { metric: 'create', peer: PEER, bound: 'at least', ratio: 2.5 },
  { metric: 'authenticate', peer: PEER, bound: 'at least', ratio: 3 },
  { metric: 'kill', peer: PEER, bound: 'at least', ratio: 4 },
  ...OPERATIONS.map((metric): Target => ({ metric, peer: LIMIT, bound: 'at least', ratio: 0.6 })),
];

/** Targets for the cost of the interface of redis-sessions. */
export const FACADE_TARGETS: readonly Target[] = OPERATIONS.map((metric) => ({
  metric,
  peer: OURS,
  bound: 'at least',
  ratio: 0.9,
}));

export const SATURATED = 'as fast as it goes';
export const STEADY = 'steady flow';

export const DELIVERY_METRICS: readonly Metric[] = [
  { name: 'rate', title: 'messages delivered', format: perSecond },
  { name: 'p50', title: 'latency, p50', format: fine },
  { name: 'p99', title: 'latency, p99', format: fine },
  { name: 'calls', title: 'script calls per message', format: times },
  { name: 'scripts', title: '`EVALSHA` per message', format: times },
  { name: 'notices', title: '`PUBLISH` per message', format: times },
  { name: 'redisCpu', title: 'Redis CPU per message', format: microseconds },
  { name: 'pushingCpu', title: "pushing node's CPU per message", format: microseconds },
  { name: 'pollingCpu', title: "polling node's CPU per message", format: microseconds },
];

/** Script calls per delivered message: the push and the next poll. */
export const MOST_CALLS = 2;

function fine(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : milliseconds(value);
}
