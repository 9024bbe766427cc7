import { CatchError, type ErrorFilter, type HttpStatusCode } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { reportFault } from '../../../errors/fault-report.js';
import { SessionError } from '../../../errors/session-error.js';
import { redisSessionsErrorNames } from '../class/redis-sessions-error.js';
import { RestOptions } from './rest-options.js';
import { type Fault, faultResponse } from './rest-response.js';

const argumentErrors: ReadonlySet<string> = new Set(redisSessionsErrorNames);

/**
 * Answers errors like rest-sessions: with name and message, and always with status 500. With `strictStatus`, the status
 * depends on the error.
 */
@CatchError(Error)
export class LibraryErrorFilter implements ErrorFilter<Error> {
  readonly #isStrict: boolean;

  constructor(@inject(RestOptions) { strictStatus }: RestOptions) {
    this.#isStrict = strictStatus;
  }

  catch(error: Error): never {
    throw faultResponse(this.#isStrict ? strictStatusOf(error) : 500, faultOf(error));
  }
}

function strictStatusOf(error: Error): HttpStatusCode {
  if (SessionError.is(error)) return error.status;
  return argumentErrors.has(error.name) ? 400 : 500;
}

function faultOf(error: Error): Fault {
  if (SessionError.is(error)) return { name: error.code, message: error.message };
  if (argumentErrors.has(error.name)) return error;
  // This is a bug. Its message may reveal internals, so write it to the log and don't send it to the caller.
  reportFault('A request failed', error);
  return { name: 'Error', message: 'An unexpected error occurred' };
}
