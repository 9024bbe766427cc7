import { CatchError, type ErrorFilter } from '@inversifyjs/http-core';
import { SessionError } from '../errors/session-error.js';
import { problemResponse } from './problem-response.js';

/**
 * Answers a `SessionError` with its problem document. Use it for single controllers, or for all with
 * `useGlobalFilters`.
 */
@CatchError(SessionError)
export class SessionErrorFilter implements ErrorFilter<SessionError> {
  catch(error: SessionError): never {
    throw problemResponse(error);
  }
}
