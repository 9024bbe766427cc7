import { STATUS_CODES } from 'node:http';
import { closedNotice } from '../errors/close-reason.js';
import { SessionError, type SessionErrorCode } from '../errors/session-error.js';

/** The HTTP status of each error. `INVALID_CONTEXT` is thrown at start-up only, so no client should see its status. */
export const errorStatuses = {
  SESSION_LIMIT: 409,
  SESSION_UNKNOWN: 401,
  SESSION_CLOSED: 401,
  INVALID_CONTEXT: 500,
  INVALID_ARGUMENT: 400,
  MESSAGE_TOO_LARGE: 413,
  MAILBOX_FULL: 429,
  STORE_UNAVAILABLE: 503,
  STOPPED: 503,
  TOO_MANY_SOCKETS: 429,
  CROSS_SITE: 403,
} as const satisfies Record<SessionErrorCode, number>;

/** A response with a problem document (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** @param status default: the one of the error's code */
export function problemOf(error: SessionError, status: number = errorStatuses[error.code]): Problem {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (status === 503) headers['retry-after'] = '1';
  const closed = SessionError.is(error, 'SESSION_CLOSED') ? closedNotice(error.details.reason) : undefined;
  const title = STATUS_CODES[status];
  return {
    status,
    headers,
    body: JSON.stringify({ title, status, detail: error.message, code: error.code, closed }),
  };
}
