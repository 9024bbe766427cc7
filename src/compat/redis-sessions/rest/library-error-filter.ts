import { CatchError, type ErrorFilter, type HttpStatusCode } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { reportFault } from '../../../errors/fault-report.js';
import { SessionError } from '../../../errors/session-error.js';
import { redisSessionsErrorNames } from '../class/redis-sessions-error.js';
import { RestOptions } from './rest-options.js';
import { type Fault, faultResponse } from './rest-response.js';

const argumentErrors: ReadonlySet<string> = new Set(redisSessionsErrorNames);

/** Answers errors as rest-sessions does: 500 with name and message, whatever failed; with `strictStatus` by its kind. */
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
  // A bug: its message may reveal internals, so it goes to the log and not to the caller.
  reportFault('A request failed', error);
  return { name: 'Error', message: 'An unexpected error occurred' };
}
