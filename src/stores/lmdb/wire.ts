import type { SessionContextOptions } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import type { AppendOutcome } from '../../store/session-store.js';

/** What a node is told of its parked readers, and of changes that it watches for. */
export type Notice =
  | readonly [
      kind: 'appended',
      app: string,
      id: string,
      epoch: string,
      offset: number,
      at: number,
      bytes: number,
      key: string | null,
      json: string,
    ]
  | readonly [kind: 'changed', app: string, id: string]
  | readonly [kind: 'closed', app: string, id: string, reason: CloseReason]
  | readonly [kind: 'superseded', app: string, id: string, reader: string, ticket: number]
  /** The session itself changed, or ended. */
  | readonly [kind: 'session', app: string, id: string]
  /** Notices may have got lost. */
  | readonly [kind: 'missed'];

/** A node that has notices to fetch, and its process. */
export type Ring = readonly [node: string, pid: number];

/** What the engine needs to open. */
export interface EngineSettings {
  readonly path: string;
  readonly context: SessionContextOptions;
  readonly durability: 'commit' | 'interval';
  readonly flushInterval: number;
  readonly mapSize: number | undefined;
  readonly lookInterval: number;
  readonly node: string;
}

/** What is asked of the engine: calls of one turn of the event loop, with the time; to look for notices; to end. */
export type EngineOrder =
  | { readonly kind: 'calls'; readonly now: number; readonly calls: readonly EngineCall[] }
  | { readonly kind: 'look' }
  | { readonly kind: 'close' };

export interface EngineCall {
  readonly number: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Why an operation was refused, as it travels between threads. */
export type Refusal =
  | readonly [code: 'SESSION_UNKNOWN']
  | readonly [code: 'SESSION_CLOSED', reason: CloseReason]
  | readonly [code: 'SESSION_LIMIT', accountId: string, live: number]
  | readonly [code: 'STORE_UNAVAILABLE', why: string];

export type Answer =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly refusal: Refusal };

/** What the engine tells. Answers and notices of one transaction come together: it is visible to all, and kept. */
export type EngineReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly why: string }
  | {
      readonly kind: 'done';
      readonly answers: readonly Answer[];
      readonly notices: readonly Notice[];
      readonly rings: readonly Ring[];
    };

/** Numbers and texts rather than objects: names of members would cost more to send than their values. */
export type RecordReply = readonly [
  accountId: string,
  createdAt: number,
  lastTime: number,
  ttl: number,
  maxAge: number,
  ip: string,
  userAgent: string,
  reads: number,
  writes: number,
  online: boolean,
  undelivered: number,
  attributes: readonly string[] | null,
  id: string,
];

export type ClosedReply = readonly [
  app: string,
  id: string,
  accountId: string,
  reason: CloseReason,
  undelivered: number,
];

export type ContactReply = readonly [record: RecordReply, cameOnline: boolean, previousTime: number];
export type InsertionReply = readonly [now: number, evicted: readonly ClosedReply[]];
export type OnceReply = readonly [inserted: boolean, record: RecordReply, evicted: readonly ClosedReply[]];
export type ReplacementReply = readonly [record: RecordReply, closed: ClosedReply];
export type OutcomeReply = readonly [
  id: string,
  accountId: string,
  verdict: AppendOutcome['verdict'],
  dropped: number,
  undelivered: number,
];
export type MessageReply = readonly [offset: number, at: number, bytes: number, key: string | null, json: string];
export type ReadReply = readonly [
  accountId: string,
  epoch: string,
  offset: number,
  messages: readonly MessageReply[],
  lost: number,
  reset: boolean,
  parked: boolean,
  cameOnline: boolean,
  droppedReader: string | null,
];
/** Where to go on, or null at the end. */
export type PageReply = readonly [after: string | null, records: readonly RecordReply[]];
export type ScanReply = readonly [after: string | null, ids: readonly string[]];
export type EndedReply = readonly [after: string | null, closed: readonly ClosedReply[]];
export type ActiveReply = readonly [after: string | null, accountIds: readonly string[]];
export type SweepReply = readonly [more: boolean, closed: readonly ClosedReply[], report: string | null];
export type SilentReply = readonly [
  more: boolean,
  silent: readonly (readonly [app: string, id: string, accountId: string])[],
];
