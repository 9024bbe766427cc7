import { ErrorHttpResponse, type HttpStatusCode } from '@inversifyjs/http-core';
import type { SessionError } from '../core/session-error.js';
import { errorStatuses, problemOf } from '../request/problem.js';

/**
 * The problem as an exception that `@inversifyjs/http-core` answers with, on any adapter.
 * @param status in place of the code's own, where the route means another
 */
export function problemResponse(
  error: SessionError,
  status: HttpStatusCode = errorStatuses[error.code],
): ErrorHttpResponse {
  const { headers, body } = problemOf(error, status);
  return new ErrorHttpResponse(status, body, error.message, { cause: error }, headers);
}
