import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { problemOf } from './problem.js';

/** The headers of a batch, beside its length. */
export const batchHeaders = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } as const;

/** What answers a poll that failed, without its length. */
export interface FailedPoll {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error that is not for the client is reported as a process warning, and told as 500 only. */
export function failedPoll(error: unknown): FailedPoll {
  if (SessionError.is(error)) return problemOf(error);
  reportFault('A poll failed', error);
  const body = JSON.stringify({ title: 'Internal Server Error', status: 500 });
  return { status: 500, headers: { 'Content-Type': 'application/problem+json' }, body };
}
