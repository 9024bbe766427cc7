import type { CloseReason } from '../../errors/close-reason.js';
import type { MailboxRules } from '../../mailbox/mailbox-rules.js';
import type { AttributeTexts, NewSession, SessionReference } from '../session-record.js';

/**
 * What a session engine works on. The tables keep sessions, find them in several orders, and know no rule: deadlines,
 * limits, proofs and all that follows from them are the engine's. An implementation over a database runs each step of
 * the engine within a transaction; one in memory changes its data at once.
 */
export interface SessionTables {
  /** The session, unless it was closed: live, or past a deadline that no sweep has reclaimed yet. */
  find(app: string, id: string): SessionEntry | undefined;

  /** The entry of a new session: created, active and contacted `now`, reported online, without a mailbox. */
  add(session: NewSession, now: number): SessionEntry;

  /** The account's entries in the order of their creation. */
  ofAccount(app: string, accountId: string): readonly SessionEntry[];

  /** How many entries `ofAccount` would give: at least as many as are live. */
  countOfAccount(app: string, accountId: string): number;

  /**
   * The next entries of an app in an order in which an entry never moves.
   * @param after the `place` to go on behind; `undefined` to begin
   * @param most entries to look at; at least one
   * @throws SessionError `INVALID_ARGUMENT` when `after` is no such value: it comes from a caller
   */
  page(app: string, after: string | undefined, most: number): EntryPage;

  /**
   * Counts entries of an app without loading them, as many in one call as take well under a millisecond.
   * @param after the `end` of the call before; `undefined` to begin
   */
  count(app: string, after: string | undefined): EntryCount;

  /**
   * Entries whose deadline may have passed, of all apps. Tables need not move an entry when its deadline is put off, so
   * they may give one too early; they never give one too late. The engine removes or saves each entry before it takes
   * the next; one that was saved is not given again before its deadline.
   */
  due(now: number, most: number): Iterable<SessionEntry>;

  /**
   * The same for the entries that are reported online and may have been silent for `hbGrace`.
   * @param contactedBefore `now` less `hbGrace`
   */
  silent(contactedBefore: number, most: number): Iterable<SessionEntry>;

  /** What is remembered of a closed session. It may be past its time: the engine judges that. */
  tombstone(app: string, id: string): Tombstone | undefined;

  /** Remembers the session that was closed, in the place of whatever is remembered under its id. */
  bury(app: string, id: string, tombstone: Tombstone): void;

  /**
   * Deletes at most `most` tombstones whose time has passed.
   * @returns whether there may be more
   */
  dropTombstones(now: number, most: number): boolean;
}

/** What came after the creation of a session, in the place of what it began with. Replaced as a whole, seldom. */
export interface Amendments {
  /** The hash of the secret before the latest rotation; `''` before the first. */
  readonly formerHash: string;
  readonly authenticatedAt: number;
  readonly level: number;
  readonly lastIp: string;
  readonly lastUserAgent: string;
}

/**
 * A session in the tables. The engine assigns to its fields and calls `save` once at the end of the step; an entry that
 * is not saved must be thought of as unchanged. Times are in milliseconds since the Unix epoch.
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
  /** `undefined` while all of it is as it was at the creation. */
  amendments: Amendments | undefined;
  /** Replaced as a whole, never changed in place. */
  attributes: AttributeTexts;
  reads: number;
  writes: number;
  /** Idle time after which the session expires, in milliseconds. */
  ttl: number;
  /** The last activity. The idle clock runs from here while no reader is parked. */
  lastTime: number;
  lastContact: number;
  /** What was last reported of its presence. Presence itself follows from `lastContact` and the parked readers. */
  reportedOnline: boolean;
  /** Where the entry stands in the order of `SessionTables.page`. Never changes. */
  readonly place: string;
  /** Whether any reader of the mailbox is parked. */
  readonly isParked: boolean;
  /** `undefined` until the first message or the first read. */
  readonly mailbox: MailboxRules | undefined;

  /** A new, empty mailbox, under a new epoch, in the place of the present one, which must have been cleared. */
  createMailbox(): MailboxRules;

  /** How many messages the mailbox retains that are not older than `messageTtl` (0 for no limit). Changes nothing. */
  undelivered(now: number, messageTtl: number): number;

  /** Writes what was changed, the mailbox included, and keeps the orders in step. */
  save(): void;

  /** Deletes the session with its attributes and its mailbox. */
  remove(): void;
}

export interface EntryCount {
  readonly count: number;
  /** The `after` of the next call; `undefined` at the end. */
  readonly end: string | undefined;
}

export interface EntryPage {
  readonly entries: readonly SessionEntry[];
  /** The place where the look ended; `undefined` where nothing follows. */
  readonly end: string | undefined;
}

/** What is remembered of a closed session, for those who hold its secret. */
export interface Tombstone {
  readonly secretHash: string;
  readonly reason: CloseReason;
  readonly forgottenAt: number;
}
