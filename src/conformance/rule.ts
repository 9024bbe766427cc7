import type { SessionContextOptions } from '../index.js';
import type { Trial } from './trial.js';

/** Opens a store with the given context. The other fields get values that don't interfere with the test. */
export type StartTrial = (context?: SessionContextOptions) => Promise<Trial>;

/** Declares a fact about every store, and its test. */
export type DeclareRule = (title: string, body: (start: StartTrial) => Promise<void>) => void;
