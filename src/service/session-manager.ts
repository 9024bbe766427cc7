import { inject, injectable, unmanaged } from 'inversify';
import type { SessionContext } from '../context/session-context.js';
import type { Batch } from '../delivery/batch.js';
import { type PollOptions, type PollReceiver, requirePollRequest } from '../delivery/poll-request.js';
import type { CloseReason } from '../errors/close-reason.js';
import { invalidArgument, sessionUnknown } from '../errors/session-error.js';
import type { SessionEvent, SessionListener } from '../events/session-events.js';
import { serialiseMessage } from '../mailbox/message.js';
import { type ChangeWatcher, isChangeFeed } from '../store/change-feed.js';
import {
  defaultApp,
  requireAccountId,
  requireApp,
  requireCloseReason,
  requirePageCursor,
  requireSessionId,
  requireSessionName,
} from '../store/session-arguments.js';
import type { NewSession } from '../store/session-record.js';
import type { Contact, Insertion } from '../store/session-store.js';
import { hashSecret, idOf, isSessionId, newId, newSecret, parseToken, secretOf } from '../store/session-token.js';
import { hasTokenAliases } from '../store/token-aliases.js';
import { requireWholeNumber } from '../validation/argument-rules.js';
import type { JsonValue } from '../validation/json-value.js';
import { type CreateOptions, newSession } from './new-session.js';
import { type PushReport, reportOutcomes } from './push-report.js';
import { IssuedSession, Session } from './session.js';
import { type PushOptions, type RenewOptions, requireAttributePatch, SessionOperations } from './session-operations.js';
import { SessionRuntime } from './session-runtime.js';

const longest = Number.MAX_SAFE_INTEGER;
const largestPage = 10_000;

export interface SessionsOfAppOptions {
  /** Only sessions active within so many milliseconds. */
  readonly activeWithin?: number;
  /** Sessions on a page, from 1 to 10 000. Default 1000. */
  readonly limit?: number;
  /** The `cursor` of the page before. */
  readonly cursor?: string;
}

export interface SessionPage {
  readonly sessions: readonly Session[];
  /** Where the next page begins; absent after the last. */
  readonly cursor?: string;
}

/** A token of this service for one of another. */
export interface ResolvedToken {
  readonly token: string;
  /** For so many milliseconds it need not be asked for again; it must be after, or it will be forgotten. */
  readonly rememberFor: number;
}

/**
 * The service behind a manager, one for all its apps: for the parts of this package that hold connections themselves.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export let runtimeOf: (manager: SessionManager) => SessionRuntime;

/**
 * The service: login sessions of accounts, each with a mailbox. One manager speaks for one app (namespace); `inApp`
 * gives the same service for another. Resolving it from the container starts it, unbinding stops it.
 *
 * Every method rejects with `STOPPED` when the service isn't running, with `STORE_UNAVAILABLE` when the store can't be
 * reached, and with `INVALID_ARGUMENT` for arguments of a wrong shape; nothing has changed then. Those that work on one
 * session reject with `SESSION_UNKNOWN`, or with `SESSION_CLOSED` for a while after its end.
 */
@injectable()
export class SessionManager {
  static {
    runtimeOf = (manager) => {
      if (manager instanceof SessionManager) return manager.#runtime;
      throw invalidArgument('manager', 'must be a SessionManager of this copy of session-mailbox', manager);
    };
  }

  readonly #runtime: SessionRuntime;
  readonly #operations: SessionOperations;
  /** The namespace this manager speaks for. */
  readonly app: string;

  constructor(@inject(SessionRuntime) runtime: SessionRuntime, @unmanaged() app: string = defaultApp) {
    this.#runtime = runtime;
    this.#operations = new SessionOperations(runtime, app);
    this.app = app;
  }

  /** @param app 1 to 64 letters, digits, `_` and `-` */
  inApp(app: string): SessionManager {
    return new SessionManager(this.#runtime, requireApp(app));
  }

  /**
   * Logs an account in on one more device.
   * @throws SessionError `SESSION_LIMIT` when the account has `maxSession` live sessions and `onMaxSession` is `reject`
   */
  async createSession(accountId: string, options: CreateOptions = {}): Promise<IssuedSession> {
    const { store } = this.#runtime;
    const id = newId(store.idPrefix(this.app, requireAccountId(accountId)));
    const secret = newSecret();
    const { record } = this.#created(await store.insert(this.#newSession(id, accountId, secret, options)));
    return new IssuedSession(this.#operations, record, record.id + secret);
  }

  /**
   * The account's session of this name, created when there is none: however many callers ask for it at once, there is
   * one, and it counts once toward the limit. It has no token until `rotateToken` gives it one.
   * @param name 1 to 256 characters without control characters. Whoever knows a session's id can't tell its name
   * @param options of no effect on a session that exists
   * @throws SessionError `SESSION_LIMIT` as `createSession`, or `SESSION_CLOSED` while it is known why the last session
   * of this name ended: a name is not revived
   */
  async createNamedSession(
    accountId: string,
    name: string,
    options: CreateOptions = {},
  ): Promise<{ readonly session: Session; readonly created: boolean }> {
    const { store } = this.#runtime;
    const id = this.namedSessionId(accountId, name);
    const insertion = await store.insertOnce(this.#newSession(id, accountId, newSecret(), options));
    if (insertion.inserted) this.#created(insertion);
    return { session: new Session(this.#operations, insertion.record), created: insertion.inserted };
  }

  /** The id that the account's session of this name has, or would have. */
  namedSessionId(accountId: string, name: string): string {
    const prefix = this.#runtime.store.idPrefix(this.app, requireAccountId(accountId));
    // No two of them run together: neither app nor account can contain what stands between.
    return idOf(prefix, `${this.app}\n${accountId}\n${requireSessionName(name)}`);
  }

  /** The session of this token, renewed. A malformed, unknown or wrong token is `SESSION_UNKNOWN`. */
  async authenticate(token: string): Promise<Session> {
    const { store } = this.#runtime;
    const parts = parseToken(token);
    if (parts === undefined) throw sessionUnknown();
    return this.#contacted(await store.authenticate(this.app, parts.id, hashSecret(parts.secret)));
  }

  /**
   * Sets attributes of the session of this token, key by key (`null` deletes), and renews it, in one step.
   * A malformed, unknown or wrong token is `SESSION_UNKNOWN`.
   */
  async patchAsBearer(token: string, attributes: { readonly [key: string]: JsonValue }): Promise<Session> {
    const { store } = this.#runtime;
    const patch = requireAttributePatch(attributes);
    const parts = parseToken(token);
    if (parts === undefined) throw sessionUnknown();
    return this.#contacted(await store.patchAsBearer(this.app, parts.id, hashSecret(parts.secret), patch));
  }

  /**
   * What to put in the place of a token of another system whose session was adopted; `undefined` for any other token.
   * Proves nothing: that is for `authenticate` to do with the token that this gives.
   */
  async resolveAlias(token: string): Promise<ResolvedToken | undefined> {
    const { store } = this.#runtime;
    if (!hasTokenAliases(store) || parseToken(token) === undefined) return undefined;
    const alias = await store.resolveAlias(this.app, token);
    return alias && { token: alias.id + secretOf(token), rememberFor: alias.rememberFor };
  }

  /** The session, without renewing it. */
  async getSession(id: string): Promise<Session> {
    return new Session(this.#operations, await this.#operations.look(id));
  }

  /**
   * Sets attributes of the session, key by key, in one step; `null` deletes. It neither renews nor is a contact.
   * @throws SessionError `INVALID_ARGUMENT` for a key or a value that can't be kept
   */
  async patchSession(id: string, attributes: { readonly [key: string]: JsonValue }): Promise<Session> {
    return new Session(this.#operations, await this.#operations.patch(id, requireAttributePatch(attributes)));
  }

  /** Renews the session: activity and contact now, unless told otherwise. */
  async renewSession(id: string, options: RenewOptions = {}): Promise<Session> {
    return new Session(this.#operations, await this.#operations.touch(id, options));
  }

  /** Issues a new token for the same session, as upon a change of privileges; the old one is dead. */
  async rotateToken(id: string): Promise<IssuedSession> {
    const { store, events } = this.#runtime;
    const secret = newSecret();
    const record = await store.rotate(this.app, requireSessionId(id), hashSecret(secret));
    events.emit('rotated', record);
    return new IssuedSession(this.#operations, record, record.id + secret);
  }

  /**
   * The new session takes the old one's attributes where it has none of its own, and its undelivered messages ahead of
   * its own; the old one is closed as `replaced`.
   */
  async replaceSession(newId: string, oldId: string): Promise<Session> {
    return new Session(this.#operations, await this.#operations.replace(newId, oldId));
  }

  /** @returns whether it was live */
  closeSession(id: string, reason: CloseReason = 'revoked'): Promise<boolean> {
    return this.#operations.close(id, reason);
  }

  /** Closes the session of this token. @returns whether it was live, and the token its own */
  async closeAsBearer(token: string, reason: CloseReason = 'logout'): Promise<boolean> {
    const { store, events } = this.#runtime;
    const checked = requireCloseReason(reason);
    const parts = parseToken(token);
    if (parts === undefined) return false;
    const closed = await store.endAsBearer(this.app, parts.id, hashSecret(parts.secret), checked);
    if (closed !== undefined) events.emit('closed', closed);
    return closed !== undefined;
  }

  /**
   * Logs an account out everywhere.
   * @param options `except`: the id of a session to keep; `reason`: default `revoked`
   * @returns how many sessions were closed
   */
  async closeAccount(
    accountId: string,
    options: { readonly except?: string; readonly reason?: CloseReason } = {},
  ): Promise<number> {
    const { store, events } = this.#runtime;
    const { except, reason = 'revoked' } = options;
    // A mistyped id would spare nobody.
    if (except !== undefined && !isSessionId(except)) throw invalidArgument('except', 'must be a session id', except);
    const closed = await store.endAccount(this.app, requireAccountId(accountId), requireCloseReason(reason), except);
    for (const each of closed) events.emit('closed', each);
    return closed.length;
  }

  /**
   * Logs everyone out. Not one step: a session created meanwhile may survive.
   * @returns how many sessions were closed
   */
  async closeApp(options: { readonly reason?: CloseReason } = {}): Promise<number> {
    const { store, events } = this.#runtime;
    let count = 0;
    for await (const chunk of store.endApp(this.app, requireCloseReason(options.reason ?? 'revoked'))) {
      for (const closed of chunk) events.emit('closed', closed);
      count += chunk.length;
    }
    return count;
  }

  /** The account's live sessions, oldest first. */
  async sessionsOfAccount(accountId: string): Promise<readonly Session[]> {
    const records = await this.#runtime.store.listAccount(this.app, requireAccountId(accountId));
    return records.map((record) => new Session(this.#operations, record));
  }

  /** A page of the app's live sessions. One that lives through all pages is on exactly one of them. */
  async sessionsOfApp(options: SessionsOfAppOptions = {}): Promise<SessionPage> {
    const { activeWithin, limit = 1_000, cursor } = options;
    const page = await this.#runtime.store.listApp(this.app, {
      activeWithin:
        activeWithin === undefined ? undefined : requireWholeNumber('activeWithin', activeWithin, 0, longest),
      limit: requireWholeNumber('limit', limit, 1, largestPage),
      cursor: cursor === undefined ? undefined : requirePageCursor(cursor),
    });
    const sessions = page.records.map((record) => new Session(this.#operations, record));
    return page.cursor === undefined ? { sessions } : { sessions, cursor: page.cursor };
  }

  /** How many accounts, not sessions, were active within so many milliseconds. */
  async activity(withinMs: number): Promise<number> {
    return this.#runtime.store.countActiveAccounts(this.app, requireWholeNumber('withinMs', withinMs, 0, longest));
  }

  /**
   * Puts a message into a session's mailbox.
   * @throws SessionError `MESSAGE_TOO_LARGE`, or, by `onOverflow`, `MAILBOX_FULL` or `SESSION_CLOSED`
   */
  push(id: string, data: unknown, options: PushOptions = {}): Promise<PushReport> {
    return this.#operations.push(id, data, options);
  }

  /** Puts a message into the mailbox of each of the account's live sessions. */
  async pushToAccount(accountId: string, data: unknown, options: PushOptions = {}): Promise<PushReport> {
    const { store, context, events } = this.#runtime;
    const message = serialiseMessage(data, options.key, context.msgMaxBytes);
    return reportOutcomes(events, await store.appendToAccount(this.app, requireAccountId(accountId), message));
  }

  /** Puts a message into every mailbox of the app. Awaiting it is the back-pressure. */
  async pushToApp(data: unknown, options: PushOptions = {}): Promise<PushReport> {
    const { fanOut, context } = this.#runtime;
    return fanOut.pushToApp(this.app, serialiseMessage(data, options.key, context.msgMaxBytes));
  }

  /**
   * What the session has not been given yet, at once or as soon as there is something.
   * @param options `signal` ends the wait; the promise then rejects with the signal's reason, and nothing is lost
   */
  poll(id: string, options: PollOptions & { readonly signal?: AbortSignal } = {}): Promise<Batch> {
    return this.#operations.poll(id, options, options.signal);
  }

  /**
   * A poll by the bearer of a token, answered through a receiver: what a transport needs to hold many of them cheaply.
   * Never throws: faults reach the receiver as well.
   * @returns to be called when the client hangs up
   */
  pollAsBearer(token: string, options: PollOptions, receiver: PollReceiver): () => void {
    const parts = parseToken(token);
    return this.#pollInto(parts?.id, parts && hashSecret(parts.secret), options, receiver);
  }

  /**
   * `pollAsBearer` for a caller who knows by other means whose session it is, and needs no token.
   * @returns to be called when the client hangs up
   */
  pollInto(id: string, options: PollOptions, receiver: PollReceiver): () => void {
    return this.#pollInto(isSessionId(id) ? id : undefined, undefined, options, receiver);
  }

  /** Hears of what happens in this app at this node. Listeners run after the operation; one that throws harms nobody. */
  on<Event extends SessionEvent>(event: Event, listener: SessionListener<Event>): this {
    this.#runtime.events.on(this.app, event, listener);
    return this;
  }

  off<Event extends SessionEvent>(event: Event, listener: SessionListener<Event>): this {
    this.#runtime.events.off(this.app, event, listener);
    return this;
  }

  /**
   * Resolves when every part of the store can be read and written now.
   * @throws SessionError `STORE_UNAVAILABLE`, whose message says what is wrong
   */
  async ping(): Promise<void> {
    await this.#runtime.store.ping();
  }

  /** The configuration that the service runs by. */
  get context(): SessionContext {
    return this.#runtime.context;
  }

  /** The time by this node's clock, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#runtime.clock.now();
  }

  /**
   * Tells of changes to sessions, of every app and by every node, to whoever keeps copies of them.
   * @returns ends it
   * @throws SessionError `INVALID_ARGUMENT` when the store can't tell of changes
   */
  async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    const { store } = this.#runtime;
    if (isChangeFeed(store)) return store.watchChanges(watcher);
    throw invalidArgument('store', 'must be able to tell of changes (ChangeFeed)', store.constructor.name);
  }

  /**
   * Answers every held poll with `retry`, closes every WebSocket as `shutdown`, and holds no more of them, while
   * everything else goes on: the first step of stopping a server gracefully. Resolves when all are gone, at the latest
   * after `drainTime`.
   */
  drain(): Promise<void> {
    return this.#runtime.drain();
  }

  #pollInto(
    id: string | undefined,
    secretHash: string | undefined,
    options: PollOptions,
    receiver: PollReceiver,
  ): () => void {
    const { room, context } = this.#runtime;
    try {
      this.#runtime.requireRunning();
      if (id === undefined) throw sessionUnknown();
      return room.poll(this.app, id, secretHash, requirePollRequest(options, context), receiver);
    } catch (error) {
      receiver.fail(error);
      return () => {};
    }
  }

  #newSession(id: string, accountId: string, secret: string, options: CreateOptions): NewSession {
    return newSession({ app: this.app, id, accountId, secretHash: hashSecret(secret) }, options, this.context);
  }

  /** Makes an insertion known. */
  #created(insertion: Insertion): Insertion {
    const { events } = this.#runtime;
    for (const closed of insertion.evicted) events.emit('closed', closed);
    events.emit('created', insertion.record);
    return insertion;
  }

  #contacted(contact: Contact): Session {
    return new Session(this.#operations, this.#operations.contacted(contact), contact.previousTime);
  }
}
