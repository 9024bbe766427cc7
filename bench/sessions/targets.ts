import { bytes, milliseconds, perSecond } from '../support/report.js';
import type { Metric, Target } from '../support/results.js';

export const OURS = 'session-mailbox';
const MEMORY_STORE = 'express-session MemoryStore';
const LRU = 'lru-cache';

export const METRICS: readonly Metric[] = [
  { name: 'create', title: 'create', format: perSecond },
  { name: 'authenticate', title: 'authenticate (get + touch)', format: perSecond },
  { name: 'get', title: 'get by id', format: perSecond },
  { name: 'touch', title: 'touch by id', format: perSecond },
  { name: 'push', title: 'push of 200 bytes', format: perSecond },
  { name: 'heap', title: 'heap per session', format: bytes },
  { name: 'sweep', title: 'sweep, 1 % expired', format: milliseconds },
  { name: 'block', title: 'longest block of the loop in it', format: milliseconds },
];

export const TARGETS: readonly Target[] = [
  { metric: 'create', peer: MEMORY_STORE, bound: 'at least', ratio: 1 },
  { metric: 'authenticate', peer: MEMORY_STORE, bound: 'at least', ratio: 2 },
  { metric: 'get', peer: LRU, bound: 'at least', ratio: 0.8 },
  { metric: 'touch', peer: LRU, peerMetric: 'get', bound: 'at least', ratio: 0.8 },
  { metric: 'push', peer: LRU, peerMetric: 'get', bound: 'at least', ratio: 0.4 },
  { metric: 'heap', peer: MEMORY_STORE, bound: 'at most', ratio: 2 },
  { metric: 'sweep', peer: MEMORY_STORE, bound: 'at most', ratio: 1 / 20 },
];

/** A bound in milliseconds, not a ratio: the longest time for which a server's other requests may wait. */
export const LONGEST_BLOCK_MS = 10;
