import type { Guard } from '@inversifyjs/http-core';
import { inject, injectable } from 'inversify';
import { attachedValues } from '../caching/attached-values.js';
import { Credentials } from '../requests/credentials.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { requestHeadOf } from '../requests/request-head.js';
import { sessionOfRequest } from '../routes/session-of-request.js';
import { requireManager } from '../service/require-manager.js';
import type { Session } from '../service/session.js';
import { SessionManager } from '../service/session-manager.js';
import { SessionHttpOptions } from './session-http-options.js';

const sessions = attachedValues<Session>();

/**
 * Requires the token of a live session, renews the session, and keeps it for `@CurrentSession()` and `sessionOf`.
 * Refuses with `SESSION_UNKNOWN` or `SESSION_CLOSED`. Refuses with `CROSS_SITE` if a page of another site sent the
 * request by cookie, and its method is not safe.
 */
@injectable()
export class SessionGuard implements Guard<object> {
  readonly #manager: SessionManager;
  readonly #credentials: Credentials;
  readonly #origins: OriginPolicy;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(Credentials) credentials: Credentials,
    @inject(OriginPolicy) origins: OriginPolicy,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    this.#manager = requireManager(manager).inApp(options.app);
    this.#credentials = credentials;
    this.#origins = origins;
  }

  async activate(request: object): Promise<boolean> {
    const head = requestHeadOf(request);
    sessions.set(request, await sessionOfRequest(this.#manager, this.#credentials, this.#origins, head));
    return true;
  }
}

/** Refuses every request that a page of another site made, with or without a session: for routes such as a login. */
@injectable()
export class CrossSiteGuard implements Guard<object> {
  readonly #origins: OriginPolicy;

  constructor(@inject(OriginPolicy) origins: OriginPolicy) {
    this.#origins = origins;
  }

  activate(request: object): boolean {
    this.#origins.require(requestHeadOf(request));
    return true;
  }
}

/**
 * Returns the session of a request that passed `SessionGuard`, as the guard has read it. For an application's own
 * guard, listed after `SessionGuard`: `@UseGuard(SessionGuard, RoleGuard)`.
 * @throws TypeError for a request that has not passed `SessionGuard`
 */
export function sessionOf(request: object): Session {
  const session = sessions.get(request);
  if (session !== undefined) return session;
  throw new TypeError('The request has no session yet: put SessionGuard before what reads its session');
}
