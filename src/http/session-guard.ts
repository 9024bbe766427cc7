import type { Guard } from '@inversifyjs/http-core';
import { inject, injectable } from 'inversify';
import { faceOf } from '../requests/request-headers.js';
import type { Session } from '../service/session.js';
import { SessionManager } from '../service/session-manager.js';
import { Bearer } from './bearer.js';
import { CrossSitePolicy } from './cross-site-policy.js';
import { SessionHttpOptions } from './session-http-options.js';

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const sessions = new WeakMap<object, Session>();

/**
 * Lets a request pass that bears the token of a live session, renews the session, and keeps it for `@CurrentSession()`.
 * Others fail with `SESSION_UNKNOWN`, `SESSION_CLOSED` or, when another site's page made them, `CROSS_SITE`.
 */
@injectable()
export class SessionGuard implements Guard<object> {
  readonly #manager: SessionManager;
  readonly #bearer: Bearer;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(Bearer) bearer: Bearer,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    this.#manager = manager.inApp(options.app);
    this.#bearer = bearer;
  }

  async activate(request: object): Promise<boolean> {
    const face = faceOf(request);
    const token = this.#bearer.tokenOf(face, !safeMethods.has(face.method));
    sessions.set(request, await this.#manager.authenticate(token));
    return true;
  }
}

/** Refuses requests made by another site's page, whoever is logged in: for routes such as a login. */
@injectable()
export class CrossSiteGuard implements Guard<object> {
  readonly #policy: CrossSitePolicy;

  constructor(@inject(CrossSitePolicy) policy: CrossSitePolicy) {
    this.#policy = policy;
  }

  activate(request: object): boolean {
    this.#policy.require(faceOf(request));
    return true;
  }
}

/** The session that `SessionGuard` found for this request. */
export function guardedSession(request: object): Session {
  const session = sessions.get(request);
  if (session === undefined) throw new TypeError('@CurrentSession() needs SessionGuard on its controller or method');
  return session;
}
