import { inject, injectable, unmanaged } from 'inversify';
import type { CloseReason } from '../errors/close-reason.js';
import { invalidArgument } from '../errors/session-error.js';
import {
  defaultApp,
  requireAccountId,
  requireApp,
  requireCloseReason,
  requireSessionId,
  sessionIdOf,
} from '../store/session-arguments.js';
import { hashOfNoSecret, hashSecret, newId, newSecret } from '../store/session-token.js';
import { requireOptions } from '../validation/argument-rules.js';
import type { JsonValue } from '../validation/json-value.js';
import { AppAuthentication } from './app-authentication.js';
import { runtimeOf } from './app-service.js';
import { requireAttributePatch } from './attributes.js';
import { bearerOf } from './bearer.js';
import { insertNamed, namedIdOf } from './named-session.js';
import { type CreateOptions, newSession, reportInsertion } from './new-session.js';
import { type RenewOptions, reportContact, requireRenewal } from './renewal.js';
import { IssuedSession, Session } from './session.js';
import { requireAppQuery, requireMilliseconds, type SessionPage, type SessionsOfAppOptions } from './session-page.js';
import { reportLimit } from './session-quota.js';
import { SessionRuntime } from './session-runtime.js';

/**
 * The service: login sessions of accounts, each with a mailbox. One manager serves one app (namespace). `inApp` returns
 * a manager of the same service for another app. Resolving it with `container.getAsync` starts the service; unbinding it
 * stops the service.
 *
 * Methods that return a promise reject with `STOPPED` when the service is not running, with `STORE_UNAVAILABLE` when the
 * store can't be reached, and with `INVALID_ARGUMENT` for an argument of a wrong shape; nothing has changed then. Methods
 * on one session also reject with `SESSION_UNKNOWN`, or with `SESSION_CLOSED` for `tombstoneTime` after its end. An id is
 * never a token: a token passed as an id is an `INVALID_ARGUMENT`.
 */
@injectable()
export class SessionManager extends AppAuthentication {
  constructor(@inject(SessionRuntime) runtime: SessionRuntime, @unmanaged() app: string = defaultApp) {
    super(runtime, app);
  }

  /**
   * Returns a manager of the same service for another namespace.
   * @param app 1 to 64 letters, digits, `_` and `-`
   * @throws SessionError `INVALID_ARGUMENT`
   */
  inApp(app: string): SessionManager {
    return new SessionManager(runtimeOf(this), requireApp(app));
  }

  /**
   * Logs an account in on one more device. The result contains the token, which can't be read again later.
   * @param accountId 1 to 256 characters, none of them a control character
   * @throws SessionError `SESSION_LIMIT` when the account has `maxSession` live sessions and `onMaxSession` is `reject`
   */
  async createSession(accountId: string, options: CreateOptions = {}): Promise<IssuedSession> {
    const runtime = runtimeOf(this);
    const { store, context, events } = runtime;
    const id = newId(store.idPrefix(this.app, requireAccountId(accountId)));
    const secret = newSecret();
    const identity = { app: this.app, id, accountId, secretHash: hashSecret(secret) };
    const session = newSession(identity, options, context);
    const insertion = await reportLimit(runtime, session, store.insert(session));
    reportInsertion(events, insertion);
    return new IssuedSession(this, insertion.record, id + secret);
  }

  /**
   * Returns the account's session of this name, and creates it if there is none. Concurrent callers get the same
   * session, which counts once toward the limit. It has no token until `rotateToken` issues one.
   * @param name 1 to 256 characters, none of them a control character. The session's id does not reveal it
   * @param options have no effect when the session exists
   * @throws SessionError `SESSION_LIMIT` like `createSession`; `SESSION_CLOSED` for `tombstoneTime` after the end of
   * the last session of this name, because no session is revived
   */
  async createNamedSession(
    accountId: string,
    name: string,
    options: CreateOptions = {},
  ): Promise<{ readonly session: Session; readonly created: boolean }> {
    const runtime = runtimeOf(this);
    const id = this.namedSessionId(accountId, name);
    const identity = { app: this.app, id, accountId, secretHash: hashOfNoSecret() };
    const { record, inserted } = await insertNamed(runtime, newSession(identity, options, runtime.context));
    return { session: new Session(this, record), created: inserted };
  }

  /**
   * Returns the id that the account's session of this name has, or would have.
   * @throws SessionError `INVALID_ARGUMENT`, `STOPPED`
   */
  namedSessionId(accountId: string, name: string): string {
    return namedIdOf(runtimeOf(this), this.app, accountId, name);
  }

  /** Returns the current state of the session. Counts neither as contact nor as activity. */
  async getSession(id: string): Promise<Session> {
    return new Session(this, await runtimeOf(this).store.get(this.app, requireSessionId(id)));
  }

  /**
   * Sets attributes of the session in one step. Counts neither as contact nor as activity.
   * @param attributes JSON values by key; `null` deletes, attributes not named here stay as they are
   * @throws SessionError `INVALID_ARGUMENT` for a key or a value that can't be kept
   */
  async patchSession(id: string, attributes: { readonly [key: string]: JsonValue }): Promise<Session> {
    const { store } = runtimeOf(this);
    const patch = requireAttributePatch(attributes);
    return new Session(this, await store.patch(this.app, requireSessionId(id), patch));
  }

  /** Renews the session: records a contact and, unless the options exclude it, activity. */
  async renewSession(id: string, options: RenewOptions = {}): Promise<Session> {
    const { store, events } = runtimeOf(this);
    const renewal = requireRenewal(options);
    const contact = await store.touch(this.app, requireSessionId(id), renewal);
    if (renewal.activity || renewal.ttl !== undefined) reportContact(events, contact);
    else if (contact.cameOnline) events.emit('online', contact.record);
    return new Session(this, contact.record);
  }

  /**
   * Moves the attributes that the new session does not have, and the undelivered messages, from the old session to the
   * new one. The moved messages are in front of the messages of the new session. Closes the old session as `replaced`.
   * @throws SessionError `INVALID_ARGUMENT` when both ids are the same
   */
  async replaceSession(newId: string, oldId: string): Promise<Session> {
    const { store, events } = runtimeOf(this);
    if (newId === oldId) throw invalidArgument('oldId', 'must be the id of another session', oldId);
    const { record, closed } = await store.replace(
      this.app,
      requireSessionId(newId, 'newId'),
      requireSessionId(oldId, 'oldId'),
    );
    const { app, id, accountId } = record;
    events.emit('replaced', { app, id, accountId, oldId });
    events.emit('closed', closed);
    return new Session(this, record);
  }

  /**
   * Closes the session. Does not reject if there is no such session.
   * @returns whether the session was live until now
   */
  async closeSession(id: string, reason: CloseReason = 'revoked'): Promise<boolean> {
    const { store, events } = runtimeOf(this);
    const checked = requireCloseReason(reason);
    const checkedId = sessionIdOf(id);
    const closed = checkedId === undefined ? undefined : await store.end(this.app, checkedId, checked);
    if (closed === undefined) return false;
    events.emit('closed', closed);
    return true;
  }

  /**
   * Closes the session of this token. Does not reject if the token is malformed, unknown or wrong.
   * @returns whether the session was live until now and the token was right
   */
  async closeAsBearer(token: string, reason: CloseReason = 'logout'): Promise<boolean> {
    const { store, events } = runtimeOf(this);
    const checked = requireCloseReason(reason);
    const bearer = bearerOf(token);
    const closed = bearer && (await store.endAsBearer(this.app, bearer.id, bearer.secretHash, checked));
    if (closed === undefined) return false;
    events.emit('closed', closed);
    return true;
  }

  /**
   * Logs an account out on all its devices.
   * @param options `except`: the id of a session to keep; `reason`: default `revoked`
   * @returns the number of closed sessions
   */
  async closeAccount(
    accountId: string,
    options: { readonly except?: string; readonly reason?: CloseReason } = {},
  ): Promise<number> {
    const { store, events } = runtimeOf(this);
    const { except, reason = 'revoked' } = requireOptions(options, { except: true, reason: true });
    const kept = except === undefined ? undefined : requireKeptId(except);
    const closed = await store.endAccount(this.app, requireAccountId(accountId), requireCloseReason(reason), kept);
    for (const each of closed) events.emit('closed', each);
    return closed.length;
  }

  /**
   * Logs every account of the app out. This is not one step: a session that is created before the end may stay open.
   * @param options `reason`: default `revoked`
   * @returns the number of closed sessions
   */
  async closeApp(options: { readonly reason?: CloseReason } = {}): Promise<number> {
    const { store, events } = runtimeOf(this);
    const { reason = 'revoked' } = requireOptions(options, { reason: true });
    let count = 0;
    for await (const chunk of store.endApp(this.app, requireCloseReason(reason))) {
      for (const closed of chunk) events.emit('closed', closed);
      count += chunk.length;
    }
    return count;
  }

  /** Returns the account's live sessions, oldest first. */
  async sessionsOfAccount(accountId: string): Promise<readonly Session[]> {
    const records = await runtimeOf(this).store.listAccount(this.app, requireAccountId(accountId));
    return records.map((record) => new Session(this, record));
  }

  /**
   * Returns a page of the app's live sessions. A session that is live while all pages are read is on exactly one page.
   */
  async sessionsOfApp(options: SessionsOfAppOptions = {}): Promise<SessionPage> {
    const page = await runtimeOf(this).store.listApp(this.app, requireAppQuery(options));
    const sessions = page.records.map((record) => new Session(this, record));
    return page.cursor === undefined ? { sessions } : { sessions, cursor: page.cursor };
  }

  /**
   * Counts the sessions of the app that the store keeps, over all nodes, including expired sessions that were not swept
   * yet. Loads no session. The memory store and Redis need one step, SQLite one step for each 2000 sessions.
   */
  async countSessions(): Promise<number> {
    return runtimeOf(this).store.countSessions(this.app);
  }

  /** Counts the accounts, not sessions, that were active within the last `withinMs` milliseconds. */
  async activity(withinMs: number): Promise<number> {
    return runtimeOf(this).store.countActiveAccounts(this.app, requireMilliseconds('withinMs', withinMs));
  }
}

/**
 * Refuses a value that is not an id: it would keep no session, and the account would be logged out on this device, too.
 */
function requireKeptId(except: unknown): string {
  const id = sessionIdOf(except, 'except');
  if (id === undefined) throw invalidArgument('except', 'must be the id of a session', except);
  return id;
}
