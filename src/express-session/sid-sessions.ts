import { hash } from 'node:crypto';
import type { SessionManager } from '../service/session-manager.js';

/** The account that a sid is bound to, if any, and how many bindings the sid has had. */
export interface Binding {
  readonly generation: number;
  readonly accountId: string | undefined;
}

/** The login session of a sid, which belongs to the account that the sid is bound to. */
export interface Login {
  readonly id: string;
  readonly accountId: string;
}

/**
 * Names the sessions that belong to a sid. Every sid has a visitor session, in a separate app. While the sid is bound
 * to an account, it also has a login session of that account, in the manager's app.
 *
 * Session ids are derived from a hash of the sid, because ids are public while the sid is a secret of express-session.
 * Each binding (generation) has its own login session. Requests that bind a sid at the same time get the same login
 * session, and a closed login session does not block the next one.
 */
export class SidSessions {
  readonly logins: SessionManager;
  readonly visitors: SessionManager;

  constructor(manager: SessionManager, visitorApp: string) {
    this.logins = manager;
    this.visitors = manager.inApp(visitorApp);
  }

  /** Returns the account of the visitor session. This account has no other session. */
  visitorAccount(sid: string): string {
    return digestOf(sid);
  }

  visitorId(visitorAccount: string): string {
    return this.visitors.namedSessionId(visitorAccount, 'visitor');
  }

  loginName(sid: string, generation: number): string {
    return `${digestOf(sid)}.${generation}`;
  }

  loginId(sid: string, accountId: string, generation: number): string {
    return this.logins.namedSessionId(accountId, this.loginName(sid, generation));
  }
}

function digestOf(sid: string): string {
  // The prefix makes this digest differ from any other use of SHA-256 on the same sid.
  return hash('sha256', `session-mailbox/express-session\n${sid}`, 'base64url');
}
