import { createCustomParameterDecorator } from '@inversifyjs/http-core';
import type { Session } from '../service/session.js';
import { sessionOf } from './session-guard.js';

/** Parameter decorator: the `Session` of the request. Needs `@UseGuard(SessionGuard)`. */
export function CurrentSession(): ParameterDecorator {
  return createCustomParameterDecorator<object, unknown, Session>((request) => sessionOf(request));
}
