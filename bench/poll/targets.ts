import { bytes, microseconds, perSecond } from '../support/report.js';
import type { Metric, Target } from '../support/results.js';

const FASTIFY = 'session-mailbox';
const IN_LANE = 'session-mailbox in the fast lane';
const NCHAN = 'nchan';
const BARE = 'bare node:http';

/** The servers that have targets. */
export const OURS = [FASTIFY, IN_LANE];

export const METRICS: readonly Metric[] = [
  { name: 'unicast', title: 'server CPU per message, unicast', format: microseconds },
  { name: 'broadcast', title: 'server CPU per message, broadcast', format: microseconds },
  { name: 'live', title: 'memory per held poll', format: bytes },
  { name: 'heap', title: 'of it JavaScript heap', format: bytes },
  { name: 'rss', title: 'RSS per held poll', format: bytes },
  { name: 'ready', title: 'polls that find a message', format: perSecond },
  { name: 'readyCpu', title: 'server CPU per poll that finds a message', format: microseconds },
  { name: 'load', title: "load process's CPU per message, unicast", format: microseconds },
];

const AGAINST_OTHERS: readonly Target[] = ['engine.io', 'faye'].flatMap((peer): Target[] => [
  { metric: 'unicast', peer, bound: 'less than', ratio: 1 },
  { metric: 'broadcast', peer, bound: 'less than', ratio: 1 },
  { metric: 'live', peer, bound: 'less than', ratio: 1 },
  { metric: 'ready', peer, bound: 'more than', ratio: 1 },
]);

export const TARGETS: ReadonlyMap<string, readonly Target[]> = new Map([
  [
    FASTIFY,
    [
      { metric: 'unicast', peer: BARE, bound: 'at most', ratio: 1.3 },
      { metric: 'broadcast', peer: BARE, bound: 'at most', ratio: 1.3 },
      { metric: 'live', peer: BARE, bound: 'at most', ratio: 1.3 },
      { metric: 'ready', peer: BARE, bound: 'at least', ratio: 0.75 },
      ...AGAINST_OTHERS,
    ],
  ],
  [
    IN_LANE,
    [
      { metric: 'unicast', peer: BARE, bound: 'at most', ratio: 0.75 },
      { metric: 'broadcast', peer: BARE, bound: 'at most', ratio: 0.55 },
      { metric: 'live', peer: BARE, bound: 'at most', ratio: 0.5 },
      { metric: 'ready', peer: BARE, bound: 'at least', ratio: 1.2 },
      ...AGAINST_OTHERS,
      { metric: 'unicast', peer: NCHAN, bound: 'at most', ratio: 1.2 },
      { metric: 'broadcast', peer: NCHAN, bound: 'at most', ratio: 1.2 },
      { metric: 'live', peer: NCHAN, bound: 'at most', ratio: 0.5 },
    ],
  ],
]);
