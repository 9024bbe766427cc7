import { SessionError } from '../../../errors/session-error.js';
import type { Step } from './waiting-steps.js';

/** What a step has returned, or the error by which it was refused. */
export interface Outcome {
  readonly step: Step;
  readonly value?: unknown;
  readonly error?: SessionError;
}

/** @throws any error but a `SessionError` */
export function carryOut(step: Step): Outcome {
  try {
    return { step, value: step.work() };
  } catch (error) {
    if (SessionError.is(error)) return { step, error };
    throw error;
  }
}
