import type { SessionContextOptions } from '../index.js';
import type { Trial } from './trial.js';

/** Opens a store of the given context; what the test is not about is set so that it never interferes. */
export type StartTrial = (context?: SessionContextOptions) => Promise<Trial>;

/** States a fact about every store, and how to see it. */
export type DeclareRule = (title: string, body: (start: StartTrial) => Promise<void>) => void;
