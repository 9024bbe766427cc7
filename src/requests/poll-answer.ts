import { type Problem, problemOfAny } from './problem.js';

/** The headers of a batch, beside its length. */
export const batchHeaders = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } as const;

/** What answers a poll that failed, without its length. An error that is not for the client is reported, and told as 500 only. */
export function failedPoll(error: unknown): Problem {
  return problemOfAny(error, 'A poll failed');
}
