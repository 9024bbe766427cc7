import type { SessionContext } from '../context/session-context.js';
import type { CloseReason } from '../errors/close-reason.js';
import type { Cursor } from '../mailbox/cursor.js';
import type { OutgoingMessage } from '../mailbox/message.js';
import type { AccountRotation, AppendOutcome, AppPage, AppQuery, PresenceCounts, Slice } from './operation-results.js';
import type { ReadRequest, ReadResult } from './reads.js';
import type { ClosedSession, NewSession, SessionRecord, SessionReference } from './session-record.js';
import type { StoreListener } from './store-listener.js';

export type { AccountRotation, AppendOutcome, AppPage, AppQuery, PresenceCounts, Slice } from './operation-results.js';
export type { ReadRequest, ReadResult } from './reads.js';

/** The result of an operation that is a contact. Presence depends on the time of the latest contact. */
export interface Contact {
  readonly record: SessionRecord;
  /** Whether this contact turned the session from `away` to `online`. */
  readonly cameOnline: boolean;
  /** The time of the last activity before this contact, in milliseconds since the Unix epoch. */
  readonly previousTime: number;
}

/** Effects of a touch in addition to the contact. */
export interface Renewal {
  /** Whether the touch counts as activity, which restarts the idle time. */
  readonly activity: boolean;
  /** The new idle time, in milliseconds; `undefined` to keep the current one. */
  readonly ttl: number | undefined;
}

/** The result of an insert. */
export interface Insertion {
  readonly record: SessionRecord;
  /** The sessions evicted to make room, by `onMaxSession`. */
  readonly evicted: readonly ClosedSession[];
}

/** The result of an insert of a session whose id the caller chooses. */
export interface OnceInsertion extends Insertion {
  /** Whether the session was inserted; otherwise the record is that of the live session with this id. */
  readonly inserted: boolean;
}

/** A login of an account at its limit, and the outcome. */
export interface LimitedLogin extends SessionReference {
  /** The id of the session that was created, or that would have been created if the login had not been refused. */
  readonly id: string;
  /**
   * Maximum number of live sessions of the account: the limit that the login specified, or else that of the context.
   */
  readonly maxSession: number;
  readonly onMaxSession: SessionContext['onMaxSession'];
  readonly verdict: 'refused' | 'evicted';
  /** The sessions that were closed to make room; none if the login was refused. */
  readonly evicted: readonly ClosedSession[];
}

/** Attributes to set, as JSON text, and to delete (`null`). */
export type AttributePatch = { readonly [key: string]: string | null };

/** The result of a replace. */
export interface Replacement {
  readonly record: SessionRecord;
  /** The old session. Its `undelivered` counts the messages that did not fit into the new mailbox. */
  readonly closed: ClosedSession;
}

/**
 * The port to the storage of sessions and mailboxes.
 *
 * Every operation is one atomic step: of two concurrent operations one happens completely before the other. Rules for
 * all of them:
 * - The store has its own clock. Every operation immediately treats a session past its idle or absolute deadline as
 *   expired. `sweep` only removes it, and only `sweep` reports it.
 * - The session of a parked reader does not idle (with `pollRenews`). Its idle time starts when the reader is released.
 *   If the node does not release a reader, the store does so a little after the reader's wait.
 * - No operation revives a closed session. For `tombstoneTime` the store remembers the close reason, and reports it to
 *   callers with the session's secret.
 * - An operation on one session rejects with `SESSION_UNKNOWN`, or with `SESSION_CLOSED` while the reason is
 *   remembered.
 * - An operation rejects with `STORE_UNAVAILABLE` when the store can't be reached. It has then been carried out
 *   completely or not at all.
 * - The caller has validated the arguments.
 */
export abstract class SessionStore {
  /** Makes the store ready and restores what an earlier process kept. Called once, before all other methods. */
  abstract open(listener: StoreListener): Promise<void>;

  /** Persists what the store keeps and frees its resources. No method is called afterwards. */
  abstract close(): Promise<void>;

  /**
   * Resolves when every part of the store can be read and written now.
   * @throws SessionError `STORE_UNAVAILABLE`, whose message names the problem: which part does not answer, or that it
   * is read-only, a replica, or out of space. Nothing has changed
   */
  abstract ping(): Promise<void>;

  /** The prefix that the id of a new session of this account must have; `''` when any id is allowed. */
  abstract idPrefix(app: string, accountId: string): string;

  /**
   * Counts the account's live sessions and inserts one more, according to the session's `maxSession` and to
   * `onMaxSession`, in one step.
   * @throws SessionError `SESSION_LIMIT` under the policy `reject`; then nothing has changed
   */
  abstract insert(session: NewSession): Promise<Insertion>;

  /**
   * Like `insert`, but when several callers insert the same id, only one session is created. For the id of a live
   * session it returns that session's record, changes nothing, and does not check the limit. For the id of a closed
   * session it rejects while the close reason is remembered. For the id of an expired session it rejects at least until
   * the sweep.
   * @throws SessionError `SESSION_LIMIT`, or `SESSION_CLOSED` for the id of a closed session
   */
  abstract insertOnce(session: NewSession): Promise<OnceInsertion>;

  /**
   * Checks the secret, counts a read and renews.
   * @throws SessionError `SESSION_UNKNOWN`, also for a wrong secret. Its `details.refused` distinguishes an unknown
   * session, a wrong secret, and the secret before the latest rotation (`rotated`)
   */
  abstract authenticate(app: string, id: string, secretHash: string): Promise<Contact>;

  /** Reads the record. Counts neither as activity nor as contact. */
  abstract get(app: string, id: string): Promise<SessionRecord>;

  /** Records a contact, and renews according to `renewal`. The new deadlines apply immediately. */
  abstract touch(app: string, id: string, renewal: Renewal): Promise<Contact>;

  /** Sets and deletes single attributes and counts a write. Concurrent writers of different keys don't conflict. */
  abstract patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord>;

  /** Like `patch`, but checks the secret first, and renews. Counts no read. */
  abstract patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact>;

  /**
   * Replaces the secret's hash: from now on only the new secret is accepted. Without `keepOpen`, it also raises the
   * generation, releases the parked readers, and notifies their nodes, in the same step.
   */
  abstract rotate(app: string, id: string, secretHash: string, keepOpen: boolean): Promise<SessionRecord>;

  /**
   * Like `rotate` without `keepOpen`, and closes the account's other live sessions as `revoked`, in the same step.
   * @param accountId the account of the session; for another account the session counts as unknown
   */
  abstract rotateAndEndOthers(app: string, accountId: string, id: string, secretHash: string): Promise<AccountRotation>;

  /**
   * Records that the user has just proven their identity, at this level; `undefined` keeps the level. Counts neither as
   * activity nor as contact.
   */
  abstract reauthenticate(app: string, id: string, level: number | undefined): Promise<SessionRecord>;

  /** Records the current address and user agent of the session's client. Counts neither as activity nor as contact. */
  abstract recordClient(app: string, id: string, ip: string, userAgent: string): Promise<SessionRecord>;

  /**
   * Moves the state of the old session into the new one: attributes that the new session does not have, and the
   * messages, in front of the messages of the new session and under a new epoch. Closes the old session with the reason
   * `replaced`. If one of the sessions is not live, rejects and changes nothing.
   */
  abstract replace(app: string, newId: string, oldId: string): Promise<Replacement>;

  /** Closes the session. Returns `undefined` when it was not live. */
  abstract end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined>;

  /** Like `end`, but checks the secret first. For a wrong secret, too, it returns `undefined` and changes nothing. */
  abstract endAsBearer(
    app: string,
    id: string,
    secretHash: string,
    reason: CloseReason,
  ): Promise<ClosedSession | undefined>;

  /** Closes the account's live sessions, except the session with the id `except`. */
  abstract endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]>;

  /**
   * Closes the app's live sessions, each in its own atomic step, and yields them in chunks. A session that is created
   * before the end may stay open.
   */
  abstract endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]>;

  /** Returns the account's live sessions, oldest first. */
  abstract listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]>;

  /**
   * Returns a page of the app's live sessions. A session that is live throughout the listing is on exactly one page.
   */
  abstract listApp(app: string, query: AppQuery): Promise<AppPage>;

  /**
   * Yields the ids of the app's sessions, in chunks of at most `size`. A session that is live throughout the scan is in
   * exactly one chunk. A session that is created or closed during the scan is in one chunk or in none.
   */
  abstract scanApp(app: string, size: number): AsyncIterable<readonly string[]>;

  /**
   * Counts the sessions of the app that the store keeps, over all nodes: live sessions, and expired sessions that were
   * not swept yet. Loads no session, so that it may be called every few seconds. A session that is created or closed
   * during the call may or may not count.
   */
  abstract countSessions(app: string): Promise<number>;

  /**
   * Counts the sessions of all apps that the store keeps, as `countSessions` does, by the presence that was reported
   * last. A session is `online` from its creation, and from a contact that turned it online, until `judgePresence` turns
   * it away. A session that changes during the call counts at most once.
   */
  abstract countPresence(): Promise<PresenceCounts>;

  /** Counts the accounts that have a live session with activity within the last `within` milliseconds. */
  abstract countActiveAccounts(app: string, within: number): Promise<number>;

  /** Appends to one mailbox by its bounds and `onOverflow`, releases its parked readers, and notifies their nodes. */
  abstract append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome>;

  /** Appends to the mailbox of every live session of the account. */
  abstract appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]>;

  /** Appends to each of these mailboxes, each in its own atomic step. Skips sessions that are not live. */
  abstract appendToEach(
    app: string,
    ids: readonly string[],
    message: OutgoingMessage,
  ): Promise<readonly AppendOutcome[]>;

  /** Moves the reader to `after`, and returns the messages beyond it, or parks the reader. Counts as a contact. */
  abstract read(app: string, id: string, request: ReadRequest): Promise<ReadResult>;

  /** Moves the reader forward to the place. Has no effect when the session is not live or the place can't be proved. */
  abstract acknowledge(app: string, id: string, reader: string, place: Cursor): Promise<void>;

  /**
   * Like `acknowledge`, but checks the secret first, and rejects when the session is not live. Counts neither as
   * contact nor as activity: the stream that delivered the messages keeps the session in contact.
   */
  abstract acknowledgeAsBearer(
    app: string,
    id: string,
    secretHash: string,
    reader: string,
    place: Cursor,
  ): Promise<void>;

  /**
   * Ends the park of the reader by this node. Has no effect when the session is not live, or when another node has
   * parked the reader since.
   */
  abstract release(app: string, id: string, reader: string): Promise<void>;

  /** Removes at most `limit` expired sessions. Each is reported by exactly one call among all nodes. */
  abstract sweep(limit: number): Promise<Slice<ClosedSession>>;

  /** Turns at most `limit` silent sessions `away`. Each is reported by exactly one call among all nodes. */
  abstract judgePresence(limit: number): Promise<Slice<SessionReference>>;
}
