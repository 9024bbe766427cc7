import { STATUS_CODES } from 'node:http';
import { closedNotice } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { stepUpChallenge } from './required-authentication.js';

/** A response with a problem document (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * Returns the answer to an error as `application/problem+json` (RFC 9457).
 * @param status default: the status of the error's code
 */
export function problemOf(error: SessionError, status: number = error.status): Problem {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  const stepUp = SessionError.is(error, 'REAUTHENTICATION_REQUIRED') ? error : undefined;
  if (status === 401) headers['www-authenticate'] = stepUp === undefined ? 'Bearer' : stepUpChallenge(stepUp);
  if (status === 503) headers['retry-after'] = '1';
  const closed = SessionError.is(error, 'SESSION_CLOSED') ? closedNotice(error.details.reason) : undefined;
  const title = STATUS_CODES[status];
  return {
    status,
    headers,
    body: JSON.stringify({ title, status, detail: error.message, code: error.code, closed, required: stepUp?.details }),
  };
}

/**
 * Returns the answer to any error. An error that is not meant for the client is reported as a process warning, and the
 * client receives only the status 500.
 * @param failed text of the warning, such as `A request failed`
 */
export function problemOfAny(error: unknown, failed: string): Problem {
  if (SessionError.is(error)) return problemOf(error);
  reportFault(failed, error);
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return { status: 500, headers, body: JSON.stringify({ title: STATUS_CODES[500], status: 500 }) };
}
