import { CatchError, type ErrorFilter, type HttpStatusCode } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { reportFault } from '../../../errors/fault-report.js';
import { SessionError } from '../../../errors/session-error.js';
import { errorStatuses } from '../../../http/index.js';
import { RestOptions } from './rest-options.js';
import { type Fault, faultResponse } from './rest-response.js';

/** What redis-sessions calls the errors of whoever calls it. */
const callersFaults: ReadonlySet<string> = new Set(['missingParameter', 'invalidFormat', 'invalidValue']);

/** Answers errors as rest-sessions does: whatever it is, 500 with name and message, unless stricter ones are wanted. */
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
  if (SessionError.is(error)) return errorStatuses[error.code];
  return callersFaults.has(error.name) ? 400 : 500;
}

function faultOf(error: Error): Fault {
  if (SessionError.is(error)) return { name: error.code, message: error.message };
  if (callersFaults.has(error.name)) return error;
  // A bug is told to who can mend it; whoever called learns nothing of the inside.
  reportFault('A request failed', error);
  return { name: 'Error', message: 'An unexpected error occurred' };
}
