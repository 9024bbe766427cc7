import type { CloseReason } from '../../../errors/close-reason.js';
import type { Notice } from '../wire.js';

/** One reader of a mailbox. Parked while `parkedUntil` is not 0, for that node, by the read with that ticket. */
export type ReaderRow = readonly [
  name: string,
  cursor: number,
  lastPoll: number,
  parkedUntil: number,
  node: string,
  ticket: number,
];

/** What is known of a mailbox but its messages, which lie apart: an append rewrites none of them. */
export type MailboxRow = readonly [
  epoch: string,
  lastOffset: number,
  taken: number,
  count: number,
  bytes: number,
  /** No message that is retained lies before it; most often the oldest lies there. */
  firstOffset: number,
  newestTime: number,
  agesMixed: 0 | 1,
  keyed: number,
  readers: readonly ReaderRow[],
  replaced: readonly number[],
];

/**
 * A session that was not closed, with its mailbox's state: every contact reads and writes just this. `dueAt` and
 * `onlineAt` say where it stands in the orders of deadlines and of contacts, 0 for nowhere.
 */
export type SessionRow = readonly [
  kind: 1,
  secretHash: string,
  accountId: string,
  createdAt: number,
  birth: number,
  lastTime: number,
  lastContact: number,
  ttl: number,
  maxAge: number,
  ip: string,
  userAgent: string,
  reads: number,
  writes: number,
  dueAt: number,
  onlineAt: number,
  hasAttributes: 0 | 1,
  mailbox: MailboxRow | null,
];

/** What is remembered of a closed session: why, for whoever holds its secret. */
export type TombstoneRow = readonly [kind: 0, secretHash: string, reason: CloseReason, forgottenAt: number];

export type MessageRow = readonly [at: number, bytes: number, key: string | null, json: string];

/** Attributes as key, JSON text, key, JSON text, … */
export type AttributesRow = readonly string[];

/** A node: its process, when it was last heard of (wall time), whether it watches for changes, how it keeps data. */
export type NodeRow = readonly [pid: number, seenAt: number, watches: 0 | 1, durability: 'commit' | 'interval'];

export type ClosedRow = readonly [app: string, id: string, accountId: string, reason: CloseReason, undelivered: number];

export type ReportRow = readonly ClosedRow[];
export type NoticeRow = Notice;
