import type { ExecutionContext } from 'ava';
import type { HostedOptions } from '../hosted-store.js';

/** Returns the options of an empty store that no other test uses, and that is removed after the test. */
export type Place = (t: ExecutionContext) => Promise<HostedOptions>;
