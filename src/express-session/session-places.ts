import { hash } from 'node:crypto';
import { invalidArgument } from '../errors/session-error.js';
import type { SessionManager } from '../service/session-manager.js';
import { requireApp } from '../store/session-arguments.js';

/** To which account a sid is bound, if to any, and how often it was bound so far. */
export interface Binding {
  readonly generation: number;
  readonly accountId: string | undefined;
}

/** The session of the account that a sid is bound to. */
export interface Login {
  readonly id: string;
  readonly accountId: string;
}

/**
 * Where the sessions of a sid are. The sid is a secret of another system, and ids of ours are public, so they are made
 * of its hash. Each sid has a visitor session, in an app of its own, and while it is bound to an account a session of
 * that account in the manager's app. Every binding has a name of its own, so that many requests that bind at once make
 * one session, and a closed one does not stand in the way of the next.
 */
export class SessionPlaces {
  readonly logins: SessionManager;
  readonly visitors: SessionManager;

  /** @throws SessionError `INVALID_ARGUMENT` */
  constructor(manager: SessionManager, visitorApp: string) {
    if (requireApp(visitorApp) === manager.app) {
      throw invalidArgument('visitorApp', 'must be another app than that of the manager', visitorApp);
    }
    this.logins = manager;
    this.visitors = manager.inApp(visitorApp);
  }

  visitorName(sid: string): readonly [accountId: string, name: string] {
    return [digestOf(sid), 'visitor'];
  }

  visitorId(sid: string): string {
    return this.visitors.namedSessionId(...this.visitorName(sid));
  }

  loginName(sid: string, generation: number): string {
    return `${digestOf(sid)}.${generation}`;
  }

  loginId(sid: string, accountId: string, generation: number): string {
    return this.logins.namedSessionId(accountId, this.loginName(sid, generation));
  }
}

function digestOf(sid: string): string {
  // The prefix keeps it apart from whatever else may hash the same secret.
  return hash('sha256', `session-mailbox/express-session\n${sid}`, 'base64url');
}
