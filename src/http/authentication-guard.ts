import type { Guard } from '@inversifyjs/http-core';
import { injectable, type Newable } from 'inversify';
import { checkRequirement, type RequiredAuthentication, requireChecked } from '../requests/required-authentication.js';
import { sessionOf } from './session-guard.js';

/**
 * Returns a guard that requires a recent or a stronger login. List it after `SessionGuard`, and bind it in the
 * container like any guard. It refuses with `REAUTHENTICATION_REQUIRED`, whose answer has the challenge of RFC 9470.
 * @throws SessionError `INVALID_CONTEXT`
 */
export function authenticationGuard(requirement: RequiredAuthentication): Newable<Guard<object>> {
  const checked = checkRequirement('authenticationGuard', requirement);

  @injectable()
  class AuthenticationGuard implements Guard<object> {
    activate(request: object): boolean {
      requireChecked(sessionOf(request), checked);
      return true;
    }
  }

  return AuthenticationGuard;
}
