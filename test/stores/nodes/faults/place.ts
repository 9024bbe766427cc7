import type { ExecutionContext } from 'ava';
import type { HostedOptions } from '../hosted-store.js';

/** Gives a place that no other test keeps sessions in, and that goes with the test. */
export type Place = (t: ExecutionContext) => Promise<HostedOptions>;
