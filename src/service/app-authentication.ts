import type { CloseReason } from '../errors/close-reason.js';
import { invalidArgument, sessionUnknown } from '../errors/session-error.js';
import { requireLevel, requireSessionId } from '../store/session-arguments.js';
import type { ClosedSession } from '../store/session-record.js';
import type { Contact } from '../store/session-store.js';
import { hashSecret, newSecret, parseToken, secretOf } from '../store/session-token.js';
import { hasTokenAliases } from '../store/token-aliases.js';
import { requireOptions } from '../validation/argument-rules.js';
import type { JsonValue } from '../validation/json-value.js';
import { AppMailboxes } from './app-mailboxes.js';
import { runtimeOf } from './app-service.js';
import { requireAttributePatch } from './attributes.js';
import { requireBearer } from './bearer.js';
import { type KnownClient, otherClient, requireClient, type SeenClient, unnamedClient } from './client-policy.js';
import { type RenewOptions, reportContact } from './renewal.js';
import { IssuedSession, Session, type SessionVerbs } from './session.js';

/** A token of this service that replaces a token of another system. */
export interface ResolvedToken {
  readonly token: string;
  /** Milliseconds for which a caller may use the token without another `resolveAlias`. The alias expires later. */
  readonly rememberFor: number;
}

/** Result of `passwordChanged`. */
export interface PasswordChange {
  /** The session, with its new token. */
  readonly session: IssuedSession;
  /** The account's other sessions, which are closed. */
  readonly closed: readonly ClosedSession[];
}

/** The methods of `SessionManager` for tokens, and for the identity of their bearers. */
export abstract class AppAuthentication extends AppMailboxes implements SessionVerbs {
  abstract getSession(id: string): Promise<Session>;
  abstract patchSession(id: string, attributes: { readonly [key: string]: JsonValue }): Promise<Session>;
  abstract renewSession(id: string, options?: RenewOptions): Promise<Session>;
  abstract replaceSession(newId: string, oldId: string): Promise<Session>;
  abstract closeSession(id: string, reason?: CloseReason): Promise<boolean>;

  /**
   * Returns the session of this token and renews it: records a contact and activity, and adds 1 to its `reads`.
   * @param client the client that shows the token. If it differs from the latest client, it is recorded, unless a bound
   * `ClientPolicy` refuses it. Default: clients are not compared
   * @throws SessionError `SESSION_UNKNOWN` for a malformed, unknown or wrong token, or a client that the policy refused
   */
  async authenticate(token: string, client: SeenClient = unnamedClient): Promise<Session> {
    const { store } = runtimeOf(this);
    const seen = client === unnamedClient ? undefined : requireClient(client);
    const { id, secretHash } = requireBearer(token);
    const contact = await store.authenticate(this.app, id, secretHash);
    const session = this.#contacted(contact);
    return seen === undefined ? session : this.#compared(session, contact, seen);
  }

  /**
   * Sets attributes of the session of this token and renews it, in one step.
   * @param attributes JSON values by key; `null` deletes, attributes not named here stay as they are
   * @throws SessionError `SESSION_UNKNOWN` for a malformed, unknown or wrong token
   */
  async patchAsBearer(token: string, attributes: { readonly [key: string]: JsonValue }): Promise<Session> {
    const { store } = runtimeOf(this);
    const patch = requireAttributePatch(attributes);
    const { id, secretHash } = requireBearer(token);
    return this.#contacted(await store.patchAsBearer(this.app, id, secretHash, patch));
  }

  /**
   * Returns the token to use instead of a token of another system whose session was adopted; `undefined` for any other
   * token. Checks no secret: `authenticate` does so with the returned token.
   */
  async resolveAlias(token: string): Promise<ResolvedToken | undefined> {
    const { store } = runtimeOf(this);
    if (!hasTokenAliases(store) || parseToken(token) === undefined) return undefined;
    const alias = await store.resolveAlias(this.app, token);
    return alias && { token: alias.id + secretOf(token), rememberFor: alias.rememberFor };
  }

  /**
   * Issues a new token for the same session, for example after a change of privileges or a theft. From now on the old
   * token is invalid, and everything that it has opened on any node ends as `rotated`: held polls, WebSockets,
   * Socket.IO clients.
   * @param options `keepOpen`: keeps the connections open, for a silent renewal by the client itself. Default false
   */
  async rotateToken(id: string, options: { readonly keepOpen?: boolean } = {}): Promise<IssuedSession> {
    const { store, events } = runtimeOf(this);
    const keepOpen = requireKeepOpen(options);
    const secret = newSecret();
    const record = await store.rotate(this.app, requireSessionId(id), hashSecret(secret), keepOpen);
    events.emit('rotated', record);
    return new IssuedSession(this, record, record.id + secret);
  }

  /**
   * Call this once a user has changed their password or another credential. In one step, gives the session in which
   * the user did so a new token, like `rotateToken`, and closes all other sessions of the account as `revoked`. This
   * locks out a thief of the old token, and everyone who was logged in elsewhere.
   */
  async passwordChanged(id: string): Promise<PasswordChange> {
    const { store, events } = runtimeOf(this);
    const { accountId } = await store.get(this.app, requireSessionId(id));
    const secret = newSecret();
    const { record, closed } = await store.rotateAndEndOthers(this.app, accountId, id, hashSecret(secret));
    events.emit('rotated', record);
    for (const each of closed) events.emit('closed', each);
    return { session: new IssuedSession(this, record, record.id + secret), closed };
  }

  /**
   * Records that the session's user has just proven their identity, by a password or a second factor. Call
   * `rotateToken` afterwards, so that a token that was stolen before gains nothing.
   * @param options `level`: the strength of the proof, 0 to 255. Default: the level stays unchanged
   */
  async reauthenticated(id: string, options: { readonly level?: number } = {}): Promise<Session> {
    const { store } = runtimeOf(this);
    const { level } = requireOptions(options, { level: true });
    const proven = level === undefined ? undefined : requireLevel(level);
    return new Session(this, await store.reauthenticate(this.app, requireSessionId(id), proven));
  }

  /** Records the client only if it is accepted: a client that was refused once must be refused again. */
  async #compared(session: Session, { record, previousTime }: Contact, client: KnownClient): Promise<Session> {
    const { store, clientPolicy } = runtimeOf(this);
    const other = otherClient(record, client);
    if (other === undefined) return session;
    const verdict = clientPolicy === undefined ? 'accept' : await clientPolicy.judge(record, other);
    // Any other result of a policy counts as a refusal.
    if (verdict !== 'accept') throw sessionUnknown('other-client');
    const recorded = await store.recordClient(this.app, record.id, other.ip, other.userAgent);
    const previous = { ip: record.lastIp, userAgent: record.lastUserAgent };
    return new Session(this, recorded, previousTime, previous);
  }

  #contacted(contact: Contact): Session {
    reportContact(runtimeOf(this).events, contact);
    return new Session(this, contact.record, contact.previousTime);
  }
}

function requireKeepOpen(options: { readonly keepOpen?: boolean }): boolean {
  const { keepOpen = false } = requireOptions(options, { keepOpen: true });
  if (typeof keepOpen === 'boolean') return keepOpen;
  throw invalidArgument('keepOpen', 'must be true or false', keepOpen);
}
