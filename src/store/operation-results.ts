import type { ClosedSession, SessionRecord, SessionReference } from './session-record.js';

/**
 * The result of appending one message to one mailbox.
 * `accepted`: the message took the next offset. `dropped`: it took the next offset and was dropped at once
 * (`drop-newest`). `full`: it was refused, and nothing changed. `close`: it was refused, and the session was closed
 * with the reason `overflow`.
 */
export interface AppendOutcome extends SessionReference {
  readonly verdict: 'accepted' | 'dropped' | 'full' | 'close';
  /** Number of messages that were dropped to make room; for `dropped`, 1: the new message. */
  readonly dropped: number;
  /** Number of messages that were lost with the session, if it was closed. */
  readonly undelivered: number;
}

/** A session with a new secret, after the account's other sessions were ended. */
export interface AccountRotation {
  readonly record: SessionRecord;
  /** The account's other sessions, closed with the reason `revoked`. */
  readonly closed: readonly ClosedSession[];
}

/** Selection of the records of an app that are listed, and of their page. */
export interface AppQuery {
  /** Only sessions with activity within this many milliseconds; `undefined` for all. */
  readonly activeWithin: number | undefined;
  /** Maximum number of records on the page. */
  readonly limit: number;
  /** The cursor of the previous page; `undefined` for the first page. */
  readonly cursor: string | undefined;
}

/** One page of an app's records. */
export interface AppPage {
  readonly records: readonly SessionRecord[];
  /** The cursor for the next page; `undefined` on the last page. */
  readonly cursor: string | undefined;
}

/** Numbers of sessions by the presence that was reported last. */
export interface PresenceCounts {
  readonly online: number;
  readonly away: number;
}

/** The result of one bounded step of background work. */
export interface Slice<Item> {
  readonly items: readonly Item[];
  /** Whether more is due now. */
  readonly more: boolean;
}
