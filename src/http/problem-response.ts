import { ErrorHttpResponse, type HttpStatusCode } from '@inversifyjs/http-core';
import type { SessionError } from '../errors/session-error.js';
import { problemOf } from '../requests/problem.js';

/** Returns an exception that any adapter of `@inversifyjs/http-core` answers with the error's problem document. */
export function problemResponse(error: SessionError, status: HttpStatusCode = error.status): ErrorHttpResponse {
  const { body, headers } = problemOf(error, status);
  return new ErrorHttpResponse(status, body, error.message, { cause: error }, headers);
}
