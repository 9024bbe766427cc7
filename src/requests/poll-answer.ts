import { type Problem, problemOfAny } from './problem.js';

/** Headers of an answer with a batch, except its length. */
export const batchHeaders = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } as const;

/**
 * Returns the answer to a poll that failed, without the header for its length. An error that is not meant for the
 * client is reported, and the client receives only the status 500.
 */
export function failedPoll(error: unknown): Problem {
  return problemOfAny(error, 'A poll failed');
}
