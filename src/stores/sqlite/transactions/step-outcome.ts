import { SessionError } from '../../../errors/session-error.js';
import type { Step } from './waiting-steps.js';

/** The value that a step returned, or the error with which it was refused. */
export interface Outcome {
  readonly step: Step;
  readonly value?: unknown;
  readonly error?: SessionError;
}

/** Runs a step. Returns a `SessionError` as the outcome. @throws any other error */
export function carryOut(step: Step): Outcome {
  try {
    return { step, value: step.work() };
  } catch (error) {
    if (SessionError.is(error)) return { step, error };
    throw error;
  }
}
