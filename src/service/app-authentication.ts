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
import { otherClient, type SeenClient, unnamedClient } from './client-policy.js';
import { type RenewOptions, reportContact } from './renewal.js';
import { IssuedSession, Session, type SessionVerbs } from './session.js';

/** A token of this service in the place of a token of another system. */
export interface ResolvedToken {
  readonly token: string;
  /** How long a caller may use it without resolving the alias again, in milliseconds; the alias expires some time later. */
  readonly rememberFor: number;
}

/** What `passwordChanged` did. */
export interface PasswordChange {
  /** The session, with its new token. */
  readonly session: IssuedSession;
  /** The account's other sessions, which are closed. */
  readonly closed: readonly ClosedSession[];
}

/** What `SessionManager` offers of tokens, and of the proof of who shows them. */
export abstract class AppAuthentication extends AppMailboxes implements SessionVerbs {
  abstract getSession(id: string): Promise<Session>;
  abstract patchSession(id: string, attributes: { readonly [key: string]: JsonValue }): Promise<Session>;
  abstract renewSession(id: string, options?: RenewOptions): Promise<Session>;
  abstract replaceSession(newId: string, oldId: string): Promise<Session>;
  abstract closeSession(id: string, reason?: CloseReason): Promise<boolean>;

  /**
   * The session of this token, renewed: a contact and activity now, and one more of its `reads`.
   * @param client who shows the token: when it is another than the latest, the `ClientPolicy` is asked, if one is bound, and
   * the client is recorded. Default: not compared
   * @throws SessionError `SESSION_UNKNOWN` for a malformed, unknown or wrong token, or a client that the policy refused
   */
  async authenticate(token: string, client: SeenClient = unnamedClient): Promise<Session> {
    const { store } = runtimeOf(this);
    const { id, secretHash } = requireBearer(token);
    const contact = await store.authenticate(this.app, id, secretHash);
    const session = this.#contacted(contact);
    return client === unnamedClient ? session : this.#compared(session, contact, client);
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
   * The token to use in the place of a token of another system whose session was adopted; `undefined` for any other token.
   * It checks no secret: `authenticate` does that with the token that it gives.
   */
  async resolveAlias(token: string): Promise<ResolvedToken | undefined> {
    const { store } = runtimeOf(this);
    if (!hasTokenAliases(store) || parseToken(token) === undefined) return undefined;
    const alias = await store.resolveAlias(this.app, token);
    return alias && { token: alias.id + secretOf(token), rememberFor: alias.rememberFor };
  }

  /**
   * Issues a new token for the same session, as upon a change of privileges or a theft. The old token is invalid from now
   * on, and what it has opened, on whichever node, ends as `rotated`: held polls, WebSockets, Socket.IO clients.
   * @param options `keepOpen`: for a silent renewal by the client itself, whose connections stay open. Default false
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
   * To be called once a user has changed their password, or another credential: gives the session by which they did so a new
   * token, as `rotateToken`, and closes all other sessions of the account as `revoked`, in one step. A thief of the old
   * token, and everyone who was logged in elsewhere, is out.
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
   * Records that the session's user has proven who they are, now: by a password, or a second factor. To be followed by
   * `rotateToken`, so that a token that was stolen before gains nothing.
   * @param options `level`: how strong the proof was, 0 to 255. Default: the level stays
   */
  async reauthenticated(id: string, options: { readonly level?: number } = {}): Promise<Session> {
    const { store } = runtimeOf(this);
    const { level } = requireOptions(options);
    const proven = level === undefined ? undefined : requireLevel(level);
    return new Session(this, await store.reauthenticate(this.app, requireSessionId(id), proven));
  }

  /** Records the client only if it is accepted: what was refused once must be refused again. */
  async #compared(session: Session, { record, previousTime }: Contact, client: SeenClient): Promise<Session> {
    const { store, clientPolicy } = runtimeOf(this);
    const other = otherClient(record, client);
    if (other === undefined) return session;
    const verdict = clientPolicy === undefined ? 'accept' : await clientPolicy.judge(record, other);
    // Whatever else a policy returns does not accept.
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
  const { keepOpen = false } = requireOptions(options);
  if (typeof keepOpen === 'boolean') return keepOpen;
  throw invalidArgument('keepOpen', 'must be true or false', keepOpen);
}
