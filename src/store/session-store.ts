import type { CloseReason } from '../errors/close-reason.js';
import type { Message, OutgoingMessage } from '../mailbox/message.js';
import type { ClosedSession, NewSession, SessionRecord, SessionReference } from './session-record.js';

/** A session was contacted. */
export interface Contact {
  readonly record: SessionRecord;
  /** Whether this contact ended its being `away`: true once for each return. */
  readonly cameOnline: boolean;
  /** The last activity before this contact. */
  readonly previousTime: number;
}

/** What a renewal does besides being a contact. */
export interface Renewal {
  /** Whether it counts as activity, which the idle clock runs from. */
  readonly activity: boolean;
  /** Another idle time from now on, in milliseconds; `undefined` to keep the one it has. */
  readonly ttl: number | undefined;
}

export interface Insertion {
  readonly record: SessionRecord;
  /** The sessions that had to go, by `onMaxSession`. */
  readonly evicted: readonly ClosedSession[];
}

export interface OnceInsertion extends Insertion {
  /** Whether it was inserted now; else the record is that of the session which has the id. */
  readonly inserted: boolean;
}

/** Attributes to set, as JSON text, and to delete (`null`). */
export type AttributePatch = { readonly [key: string]: string | null };

export interface Replacement {
  readonly record: SessionRecord;
  /** The old session; its `undelivered` counts messages that did not fit into the new mailbox. */
  readonly closed: ClosedSession;
}

/**
 * What became of one message at one mailbox.
 * `accepted`: it took the next offset. `dropped`: it took it and was dropped at once (`drop-newest`).
 * `full`: refused, nothing changed. `close`: refused, and the session was closed as `overflow`.
 */
export interface AppendOutcome extends SessionReference {
  readonly verdict: 'accepted' | 'dropped' | 'full' | 'close';
  /** Messages that bounds dropped for it, or the new one itself. */
  readonly dropped: number;
  /** Messages that went with the session, when it was closed. */
  readonly undelivered: number;
}

/** One poll as a store sees it. */
export interface ReadRequest {
  readonly reader: string;
  /** The cursor sent; `''` for the oldest retained; `undefined` for where the mailbox knows this reader (drain). */
  readonly after: { readonly epoch: string; readonly offset: number } | '' | undefined;
  /** Most messages to give. */
  readonly limit: number;
  /** Park the reader for so many milliseconds if there is nothing to say; 0 to not park. */
  readonly wait: number;
  /** When given, the session is only read if this is its secret's hash. */
  readonly secretHash: string | undefined;
  /** Names this read among all of its node, for `superseded`. */
  readonly ticket: number;
}

export interface ReadResult {
  readonly accountId: string;
  readonly epoch: string;
  /** Where the reader stands once it has these messages. */
  readonly offset: number;
  readonly messages: readonly Message[];
  readonly lost: number;
  readonly reset: boolean;
  /** Nothing was to be said, and the reader is parked now: it will be told of the next append. */
  readonly parked: boolean;
  readonly cameOnline: boolean;
  /** The reader that had to go for this one (`maxReader`). */
  readonly droppedReader: string | undefined;
}

export interface AppQuery {
  /** Only sessions active within so many milliseconds; `undefined` for all. */
  readonly activeWithin: number | undefined;
  readonly limit: number;
  /** Where the last page ended; `undefined` for the first. */
  readonly cursor: string | undefined;
}

export interface AppPage {
  readonly records: readonly SessionRecord[];
  /** Where the next page begins; `undefined` after the last. */
  readonly cursor: string | undefined;
}

/** A slice of background work: what it did, and whether more of it is due at once. */
export interface Slice<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** How a store wakes what waits in this process. Calls come at any time between `open` and `close`, and never throw. */
export interface StoreListener {
  /** A message was appended; every reader parked on that mailbox has been released and is to be answered. */
  appended(app: string, id: string, epoch: string, message: Message): void;
  /** Something else changed in the mailbox: whoever waits on it must read again. */
  changed(app: string, id: string): void;
  /** The session ended: whoever waits on it must be told. */
  closed(app: string, id: string, reason: CloseReason): void;
  /**
   * The reader that was parked by the read with that ticket is not parked for this node any more: another node reads
   * for it, or for one that it had to go for. Its own node's reads a store need not tell of.
   */
  superseded(app: string, id: string, reader: string, ticket: number): void;
  /** Notices may have been missed: whoever waits must read again. */
  missed(): void;
}

/** Ignores all notices. */
export const noListener: StoreListener = { appended() {}, changed() {}, closed() {}, superseded() {}, missed() {} };

/**
 * The port to where sessions and mailboxes live.
 *
 * Every operation is one atomic step: of two that race, one comes wholly before the other. What holds for all of them:
 * - Time is the store's own. A session past its idle or absolute deadline is dead to every operation at once; `sweep`
 *   only reclaims it, and is the only one to report it.
 * - A parked reader's session does not idle (when `pollRenews`); its idle clock starts when the reader is released.
 *   One whose node did not release it is released a little after its wait.
 * - Nothing revives a closed session. For `tombstoneTime` its reason is remembered, for those who hold its secret.
 * - An operation on one session rejects with `SESSION_UNKNOWN`, or with `SESSION_CLOSED` while the reason is known.
 * - It rejects with `STORE_UNAVAILABLE` when the store can't be reached, and has then changed nothing, or all.
 * - Arguments were validated by the caller.
 */
export abstract class SessionStore {
  /** Makes the store ready, with what it kept from before. Called once, before anything else. */
  abstract open(listener: StoreListener): Promise<void>;

  /** Keeps what is to be kept and lets go of everything. No operation is called after it. */
  abstract close(): Promise<void>;

  /**
   * Resolves when every part of the store can be read and written now.
   * @throws SessionError `STORE_UNAVAILABLE`, whose message says what is wrong: which part does not answer, or that it
   * is read-only, a replica, or out of space. Nothing has changed
   */
  abstract ping(): Promise<void>;

  /** The characters that the id of a new session of this account must begin with; `''` where any id will do. */
  abstract idPrefix(app: string, accountId: string): string;

  /**
   * Counts the account's live sessions and inserts one more, by `maxSession` and `onMaxSession`, in one step.
   * @throws SessionError `SESSION_LIMIT` under the policy `reject`; nothing has changed then
   */
  abstract insert(session: NewSession): Promise<Insertion>;

  /**
   * `insert`, unless the id is taken: many callers make one session. That of a live session gives its record as it is;
   * nothing has changed then, and no limit was judged. One whose end is still known, or that no sweep has reclaimed,
   * is not made again.
   * @throws SessionError `SESSION_LIMIT`, or `SESSION_CLOSED` for the id of a closed session
   */
  abstract insertOnce(session: NewSession): Promise<OnceInsertion>;

  /** Proves the bearer, counts a read and renews. A wrong secret is answered as an unknown session is. */
  abstract authenticate(app: string, id: string, secretHash: string): Promise<Contact>;

  /** Looks without touching: neither activity nor contact. */
  abstract get(app: string, id: string): Promise<SessionRecord>;

  /** A contact now, and as much of a renewal as is asked for. The deadlines that follow from it hold at once. */
  abstract touch(app: string, id: string, renewal: Renewal): Promise<Contact>;

  /** Sets and deletes attributes key by key and counts a write. Writers of different keys never undo each other. */
  abstract patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord>;

  /** `patch` by the bearer, who is proved first, and whose activity it is: it renews, and counts no read. */
  abstract patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact>;

  /** From now on only the new secret opens the session. */
  abstract rotate(app: string, id: string, secretHash: string): Promise<SessionRecord>;

  /**
   * The new session takes the old one's attributes where it has none of its own, and the old one's messages ahead of
   * its own, under a new epoch; the old one is closed as `replaced`. If either is not live, nothing changes.
   */
  abstract replace(app: string, newId: string, oldId: string): Promise<Replacement>;

  /** Closes the session; `undefined` when it was not live. */
  abstract end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined>;

  /** `end` by the bearer: `undefined` also when the secret does not fit, and nothing has changed then. */
  abstract endAsBearer(
    app: string,
    id: string,
    secretHash: string,
    reason: CloseReason,
  ): Promise<ClosedSession | undefined>;

  /** Closes the account's live sessions but `except`. */
  abstract endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]>;

  /**
   * Closes the app's live sessions, each in a step of its own, and reports them in chunks as they go. One created
   * meanwhile may survive.
   */
  abstract endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]>;

  /** The account's live sessions, oldest first. */
  abstract listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]>;

  /** A page of the app's live sessions. One that lives through all pages is on exactly one of them. */
  abstract listApp(app: string, query: AppQuery): Promise<AppPage>;

  /**
   * The ids of the app's sessions, in chunks of at most `size`. One that lives through the scan is in exactly one
   * chunk; one that comes or goes meanwhile may be in one.
   */
  abstract scanApp(app: string, size: number): AsyncIterable<readonly string[]>;

  /** How many accounts have a live session with activity within so many milliseconds. */
  abstract countActiveAccounts(app: string, within: number): Promise<number>;

  /** Appends to one mailbox, by the bounds and `onOverflow`, and wakes its parked readers. */
  abstract append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome>;

  /** Appends to the mailbox of every live session of the account. */
  abstract appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]>;

  /** Appends to each of these mailboxes, each in a step of its own; ids that are not live are left out. */
  abstract appendToEach(
    app: string,
    ids: readonly string[],
    message: OutgoingMessage,
  ): Promise<readonly AppendOutcome[]>;

  /** Moves the reader to where it says it stands, gives what it has not had, or parks it; a contact, in any case. */
  abstract read(app: string, id: string, request: ReadRequest): Promise<ReadResult>;

  /** The reader got everything up to `offset`. Of no effect on a session that is not live, or on another epoch. */
  abstract acknowledge(app: string, id: string, reader: string, epoch: string, offset: number): Promise<void>;

  /**
   * The reader is no longer parked by this node, though nothing was appended. Of no effect on a session that is not
   * live, nor when another node has parked the reader since.
   */
  abstract release(app: string, id: string, reader: string): Promise<void>;

  /** Reclaims at most `limit` sessions past their deadlines, each reported by exactly one call over all nodes. */
  abstract sweep(limit: number): Promise<Slice<ClosedSession>>;

  /** Turns at most `limit` silent sessions `away`, each reported by exactly one call over all nodes. */
  abstract judgePresence(limit: number): Promise<Slice<SessionReference>>;
}
