import { ErrorHttpResponse, type HttpStatusCode } from '@inversifyjs/http-core';
import type { SessionError } from '../errors/session-error.js';
import { errorStatuses, problemOf } from '../requests/problem.js';

/** The problem as an exception that `@inversifyjs/http-core` answers with, on any adapter. */
export function problemResponse(
  error: SessionError,
  status: HttpStatusCode = errorStatuses[error.code],
): ErrorHttpResponse {
  const { body, headers } = problemOf(error, status);
  return new ErrorHttpResponse(status, body, error.message, { cause: error }, headers);
}
