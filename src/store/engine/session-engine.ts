import type { CloseReason } from '../../errors/close-reason.js';
import { sessionUnknown } from '../../errors/session-error.js';
import type { Cursor } from '../../mailbox/cursor.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import { requireAttributesWithin } from '../attribute-bytes.js';
import type { AttributeTexts, ClosedSession, NewSession, SessionRecord, SessionReference } from '../session-record.js';
import type {
  AccountRotation,
  AppendOutcome,
  AttributePatch,
  Contact,
  Insertion,
  OnceInsertion,
  ReadRequest,
  ReadResult,
  Renewal,
  Replacement,
  Slice,
} from '../session-store.js';
import { AccountOperations } from './account-operations.js';
import { amend, amendmentsOf } from './amendments.js';
import { AppOperations } from './app-operations.js';
import { DueWork } from './due-work.js';
import { MailboxOperations } from './mailbox-operations.js';
import { isSameHash } from './same-hash.js';
import { type EngineParts, SessionRules } from './session-rules.js';
import type { SessionEntry } from './tables.js';

/**
 * The operations of the port `SessionStore` as synchronous steps over tables. The rules of sessions are implemented
 * only here and in the Lua scripts of the Redis store, which have the same operations and rules under the same names.
 *
 * Each operation receives the time of its step, `now`, which must not be less than the time of any earlier step of this
 * engine. An operation either throws a `SessionError` before it has changed anything, or is carried out as a whole. Any
 * other error is an error of the tables: a store over a database then rolls the transaction back. The engine passes its
 * notices to `Notices` within the step.
 */
export class SessionEngine {
  readonly #rules: SessionRules;
  readonly #accounts: AccountOperations;
  readonly #mailboxes: MailboxOperations;
  readonly #due: DueWork;
  /** Steps of the operations on all sessions of an app. `app-walks.ts` builds the operations of the port from them. */
  readonly apps: AppOperations;

  constructor(parts: EngineParts) {
    this.#rules = new SessionRules(parts);
    this.#accounts = new AccountOperations(this.#rules);
    this.#mailboxes = new MailboxOperations(this.#rules);
    this.#due = new DueWork(this.#rules);
    this.apps = new AppOperations(this.#rules);
  }

  insert(session: NewSession, now: number): Insertion {
    return this.#accounts.insert(session, now);
  }

  insertOnce(session: NewSession, now: number): OnceInsertion {
    return this.#accounts.insertOnce(session, now);
  }

  authenticate(app: string, id: string, secretHash: string, now: number): Contact {
    const entry = this.#rules.proven(app, id, secretHash, now);
    entry.reads += 1;
    return this.#rules.renew(entry, now);
  }

  get(app: string, id: string, now: number): SessionRecord {
    return this.#rules.record(this.#rules.live(app, id, now), now);
  }

  touch(app: string, id: string, { activity, ttl }: Renewal, now: number): Contact {
    return this.#rules.renew(this.#rules.live(app, id, now), now, activity, ttl);
  }

  patch(app: string, id: string, attributes: AttributePatch, now: number): SessionRecord {
    const entry = this.#rules.live(app, id, now);
    this.#patch(entry, attributes);
    entry.save();
    return this.#rules.record(entry, now);
  }

  patchAndRenew(app: string, id: string, attributes: AttributePatch, { activity, ttl }: Renewal, now: number): Contact {
    const entry = this.#rules.live(app, id, now);
    this.#patch(entry, attributes);
    return this.#rules.renew(entry, now, activity, ttl);
  }

  patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch, now: number): Contact {
    const entry = this.#rules.proven(app, id, secretHash, now);
    this.#patch(entry, attributes);
    return this.#rules.renew(entry, now);
  }

  rotate(app: string, id: string, secretHash: string, keepOpen: boolean, now: number): SessionRecord {
    const entry = this.#rules.live(app, id, now);
    amend(entry, { formerHash: entry.secretHash });
    entry.secretHash = secretHash;
    if (!keepOpen) this.#mailboxes.endGeneration(entry, now);
    entry.save();
    this.#rules.notices.sessionChanged(app, id, { kind: 'rotated', accountId: entry.accountId });
    return this.#rules.record(entry, now);
  }

  rotateAndEndOthers(app: string, accountId: string, id: string, secretHash: string, now: number): AccountRotation {
    if (this.#rules.live(app, id, now).accountId !== accountId) throw sessionUnknown();
    const closed = this.#accounts.endAccount(app, accountId, 'revoked', id, now);
    return { record: this.rotate(app, id, secretHash, false, now), closed };
  }

  reauthenticate(app: string, id: string, level: number | undefined, now: number): SessionRecord {
    const entry = this.#rules.live(app, id, now);
    amend(entry, { authenticatedAt: now, level: level ?? amendmentsOf(entry).level });
    entry.save();
    return this.#rules.record(entry, now);
  }

  recordClient(app: string, id: string, lastIp: string, lastUserAgent: string, now: number): SessionRecord {
    const entry = this.#rules.live(app, id, now);
    amend(entry, { lastIp, lastUserAgent });
    entry.save();
    return this.#rules.record(entry, now);
  }

  replace(app: string, newId: string, oldId: string, now: number): Replacement {
    const entry = this.#rules.live(app, newId, now);
    const old = this.#rules.live(app, oldId, now);
    const attributes = Object.assign(Object.create(null), old.attributes, entry.attributes);
    this.#requireWithin(attributes, entry);
    entry.attributes = frozen(attributes);
    const undelivered = this.#mailboxes.takeOver(entry, old, now);
    entry.save();
    const closed = { ...this.#rules.close(old, 'replaced', now), undelivered };
    this.#rules.notices.sessionChanged(app, newId);
    return { record: this.#rules.record(entry, now), closed };
  }

  end(app: string, id: string, reason: CloseReason, now: number): ClosedSession | undefined {
    const entry = this.#rules.findLive(app, id, now);
    return entry === undefined ? undefined : this.#rules.close(entry, reason, now);
  }

  endAsBearer(
    app: string,
    id: string,
    secretHash: string,
    reason: CloseReason,
    now: number,
  ): ClosedSession | undefined {
    const entry = this.#rules.findLive(app, id, now);
    if (entry === undefined || !isSameHash(entry.secretHash, secretHash)) return undefined;
    return this.#rules.close(entry, reason, now);
  }

  endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
    now: number,
  ): readonly ClosedSession[] {
    return this.#accounts.endAccount(app, accountId, reason, except, now);
  }

  listAccount(app: string, accountId: string, now: number): readonly SessionRecord[] {
    return this.#accounts.listAccount(app, accountId, now);
  }

  append(app: string, id: string, message: OutgoingMessage, now: number): AppendOutcome {
    return this.#mailboxes.append(app, id, message, now);
  }

  appendToAccount(app: string, accountId: string, message: OutgoingMessage, now: number): readonly AppendOutcome[] {
    return this.#mailboxes.appendToAccount(app, accountId, message, now);
  }

  appendToEach(app: string, ids: readonly string[], message: OutgoingMessage, now: number): readonly AppendOutcome[] {
    return this.#mailboxes.appendToEach(app, ids, message, now);
  }

  read(app: string, id: string, request: ReadRequest, now: number): ReadResult {
    return this.#mailboxes.read(app, id, request, now);
  }

  acknowledge(app: string, id: string, reader: string, place: Cursor, now: number): void {
    this.#mailboxes.acknowledge(app, id, reader, place, now);
  }

  acknowledgeAsBearer(app: string, id: string, secretHash: string, reader: string, place: Cursor, now: number): void {
    this.#mailboxes.acknowledgeAsBearer(app, id, secretHash, reader, place, now);
  }

  release(app: string, id: string, reader: string, now: number): void {
    this.#mailboxes.release(app, id, reader, now);
  }

  sweep(limit: number, now: number): Slice<ClosedSession> {
    return this.#due.sweep(limit, now);
  }

  judgePresence(limit: number, now: number): Slice<SessionReference> {
    return this.#due.judgePresence(limit, now);
  }

  /** Sets and deletes attributes key by key and counts a write. The caller saves the entry. */
  #patch(entry: SessionEntry, attributes: AttributePatch): void {
    const patched: Record<string, string> = Object.assign(Object.create(null), entry.attributes);
    for (const [key, text] of Object.entries(attributes)) {
      if (text === null) delete patched[key];
      else patched[key] = text;
    }
    this.#requireWithin(patched, entry);
    entry.attributes = frozen(patched);
    entry.writes += 1;
    this.#rules.notices.sessionChanged(entry.app, entry.id);
  }

  #requireWithin(attributes: AttributeTexts, entry: SessionEntry): void {
    requireAttributesWithin(this.#rules.context.attributesMaxBytes, attributes, entry.attributes);
  }
}

/** Freezes the attributes, so that records can share them with the entry. */
function frozen(attributes: Record<string, string>): AttributeTexts {
  return Object.freeze(attributes);
}
