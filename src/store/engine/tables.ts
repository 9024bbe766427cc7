import type { CloseReason } from '../../errors/close-reason.js';
import type { MailboxRules } from '../../mailbox/mailbox-rules.js';
import type { AttributeTexts, NewSession, SessionReference } from '../session-record.js';

/**
 * The tables on which a session engine works. They keep sessions, find them in several orders, and know no rules:
 * deadlines, limits, proofs and everything that follows from them belong to the engine. An implementation over a
 * database runs each step of the engine within a transaction. An implementation in memory changes its data at once.
 *
 * For a damaged entry `find` throws an error of the tables. The methods that return several entries leave it out, because
 * it must not stop the work for all others.
 */
export interface SessionTables {
  /** The session, unless it was closed: live, or past a deadline that no sweep has reclaimed yet. */
  find(app: string, id: string): SessionEntry | undefined;

  /** The entry of a new session: created, active and contacted `now`, reported online, without a mailbox. */
  add(session: NewSession, now: number): SessionEntry;

  /** The account's entries in the order of their creation. */
  ofAccount(app: string, accountId: string): readonly SessionEntry[];

  /** Number of entries that `ofAccount` would return: at least the number of live sessions. */
  countOfAccount(app: string, accountId: string): number;

  /**
   * Returns the next entries of an app, in an order in which an entry never moves.
   * @param after the `place` after which to go on; `undefined` to begin
   * @param most maximum number of entries to examine; at least one
   * @throws SessionError `INVALID_ARGUMENT` when `after` is not a place, because it may come from a caller
   */
  page(app: string, after: string | undefined, most: number): EntryPage;

  /**
   * Counts entries of an app without loading them. One call counts as many as it can in well under a millisecond.
   * @param after the `end` of the call before; `undefined` to begin
   */
  count(app: string, after: string | undefined): EntryCount;

  /** Like `count`, for the entries of all apps, and in an order in which an entry never moves. */
  countPresence(after: string | undefined): PresenceCount;

  /**
   * Returns the entries of all apps whose deadline may have passed. Tables need not move an entry when its deadline is
   * postponed, so they may return an entry too early, but never too late. The engine removes or saves each entry before
   * it takes the next entry. A saved entry is not returned again before its deadline.
   */
  due(now: number, most: number): Iterable<SessionEntry>;

  /**
   * Like `due`, for the entries that are reported online and may have been silent for `hbGrace`.
   * @param contactedBefore `now` less `hbGrace`
   */
  silent(contactedBefore: number, most: number): Iterable<SessionEntry>;

  /** Returns the tombstone of a closed session. Its time may have passed: the engine checks that. */
  tombstone(app: string, id: string): Tombstone | undefined;

  /** Stores the tombstone of a closed session. Replaces any other tombstone under its id. */
  bury(app: string, id: string, tombstone: Tombstone): void;

  /**
   * Deletes at most `most` tombstones whose time has passed.
   * @returns whether there may be more
   */
  dropTombstones(now: number, most: number): boolean;
}

/** Values that have changed since the creation of a session. Replaced as a whole, and seldom. */
export interface Amendments {
  /** The hash of the secret before the latest rotation; `''` before the first. */
  readonly formerHash: string;
  readonly authenticatedAt: number;
  readonly level: number;
  readonly lastIp: string;
  readonly lastUserAgent: string;
}

/**
 * A session in the tables. The engine assigns to its fields and calls `save` once at the end of the step. An
 * entry that is not saved must be treated as unchanged. Times are in milliseconds since the Unix epoch.
 */
export interface SessionEntry extends SessionReference {
  /** SHA-256 of the secret, base64url. */
  secretHash: string;
  generation: number;
  readonly createdAt: number;
  /** Lifetime from creation, in milliseconds; 0 for none. */
  readonly maxAge: number;
  readonly ip: string;
  readonly userAgent: string;
  /** `undefined` while all these values are as they were at the creation. */
  amendments: Amendments | undefined;
  /** Replaced as a whole, never changed in place. */
  attributes: AttributeTexts;
  reads: number;
  writes: number;
  /** Idle time after which the session expires, in milliseconds. */
  ttl: number;
  /** The time of the last activity. The idle clock starts here while no reader is parked. */
  lastTime: number;
  lastContact: number;
  /** Whether its presence was last reported as online. Its presence depends on `lastContact` and the parked readers. */
  reportedOnline: boolean;
  /** Position of the entry in the order of `SessionTables.page`. Never changes. */
  readonly place: string;
  /** Whether any reader of the mailbox is parked. */
  readonly isParked: boolean;
  /** `undefined` until the first message or the first read. */
  readonly mailbox: MailboxRules | undefined;

  /** Creates an empty mailbox under a new epoch. It replaces the current mailbox, which must have been cleared. */
  createMailbox(): MailboxRules;

  /** Number of retained messages that are not older than `messageTtl` (0 for no limit). Changes nothing. */
  undelivered(now: number, messageTtl: number): number;

  /** Writes all changes, including those of the mailbox, and updates the orders of the tables. */
  save(): void;

  /** Deletes the session with its attributes and its mailbox. */
  remove(): void;
}

export interface EntryCount {
  readonly count: number;
  /** The `after` of the next call; `undefined` at the end. */
  readonly end: string | undefined;
}

export interface PresenceCount extends EntryCount {
  /** How many of the entries counted are reported online. */
  readonly online: number;
}

export interface EntryPage {
  readonly entries: readonly SessionEntry[];
  /** The place at which the search for this page ended; `undefined` if no entry follows. */
  readonly end: string | undefined;
}

/** What a store remembers of a closed session, for callers with its secret. */
export interface Tombstone {
  readonly secretHash: string;
  readonly reason: CloseReason;
  readonly forgottenAt: number;
}
