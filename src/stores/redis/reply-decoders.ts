import { type CloseReason, isCloseReason } from '../../errors/close-reason.js';
import { SessionError, sessionClosed, sessionUnknown, type UnknownToken } from '../../errors/session-error.js';
import { Message } from '../../mailbox/message.js';
import { attributesTooLarge } from '../../store/attribute-bytes.js';
import {
  type AttributeTexts,
  type ClosedSession,
  defaultLevel,
  type NewSession,
  type SessionRecord,
  type SessionReference,
} from '../../store/session-record.js';
import type {
  AccountRotation,
  AppendOutcome,
  Contact,
  Insertion,
  OnceInsertion,
  ReadResult,
  Replacement,
} from '../../store/session-store.js';
import { storeUnavailable } from './unavailable.js';

/** The reply of the program to one call. The headers of the scripts describe it. */
export type Reply = readonly unknown[];

/** @throws SessionError the refusal that the reply holds */
export function accepted(reply: Reply): Reply {
  const status = reply[0];
  // A client with the option `stringNumbers` returns numbers as text.
  if (status === 1 || status === '1') return reply;
  if (status === 'unknown') throw sessionUnknown(unknownTokenAt(reply, 1));
  if (status === 'attributes') throw attributesTooLarge(numberAt(reply, 1), numberAt(reply, 2));
  if (status === 'closed') throw sessionClosed(reasonAt(reply, 1));
  throw storeUnavailable(textAt(reply, 1));
}

function misfit(reply: Reply, index: number): Error {
  return new Error(`The reply of the scripts does not fit at ${index}: ${JSON.stringify(reply)}`);
}

export function textAt(reply: Reply, index: number): string {
  const value = reply[index];
  if (typeof value === 'string') return value;
  throw misfit(reply, index);
}

export function numberAt(reply: Reply, index: number): number {
  const value = reply[index];
  if (typeof value === 'number') return value;
  // A client with the option `stringNumbers` returns numbers as text.
  if (typeof value === 'string' && value !== '') return Number(value);
  throw misfit(reply, index);
}

export function listAt(reply: Reply, index: number): Reply {
  const value = reply[index];
  if (Array.isArray(value)) return value;
  throw misfit(reply, index);
}

export function textsAt(reply: Reply, index: number): readonly string[] {
  const list = listAt(reply, index);
  return list.map((_value, each) => textAt(list, each));
}

export function listsAt(reply: Reply, index: number): readonly Reply[] {
  const list = listAt(reply, index);
  return list.map((_value, each) => listAt(list, each));
}

function reasonAt(reply: Reply, index: number): CloseReason {
  const reason = reply[index];
  if (isCloseReason(reason)) return reason;
  throw misfit(reply, index);
}

/** Returns why the token is unknown; `undefined` when the call had no secret. */
function unknownTokenAt(reply: Reply, index: number): UnknownToken | undefined {
  const refused = reply[index];
  if (refused === 'unknown' || refused === 'wrong-secret' || refused === 'rotated') return refused;
  return undefined;
}

/** Splits `<app>:<id>`. */
function nameAt(reply: Reply, index: number): { readonly app: string; readonly id: string } {
  const name = textAt(reply, index);
  const colon = name.indexOf(':');
  return { app: name.slice(0, colon), id: name.slice(colon + 1) };
}

function recordOf(app: string, id: string, reply: Reply): SessionRecord {
  const createdAt = numberAt(reply, 1);
  const amendments = listAt(reply, 13);
  const isAmended = amendments.length > 0;
  return {
    app,
    id,
    accountId: textAt(reply, 0),
    createdAt,
    lastTime: numberAt(reply, 2),
    ttl: numberAt(reply, 3),
    maxAge: numberAt(reply, 4),
    ip: textAt(reply, 5),
    userAgent: textAt(reply, 6),
    lastIp: isAmended ? textAt(amendments, 2) : textAt(reply, 5),
    lastUserAgent: isAmended ? textAt(amendments, 3) : textAt(reply, 6),
    authenticatedAt: isAmended ? numberAt(amendments, 0) : createdAt,
    level: isAmended ? numberAt(amendments, 1) : defaultLevel,
    attributes: attributesOf(listAt(reply, 11)),
    generation: numberAt(reply, 12),
    reads: numberAt(reply, 7),
    writes: numberAt(reply, 8),
    presence: numberAt(reply, 9) === 1 ? 'online' : 'away',
    undelivered: numberAt(reply, 10),
  };
}

/** Decodes a record in a list. Such a record contains its id. */
export function listedRecordOf(app: string, reply: Reply): SessionRecord {
  return recordOf(app, textAt(reply, 14), reply);
}

const noAttributes: AttributeTexts = Object.freeze(Object.create(null));

function attributesOf(list: Reply): AttributeTexts {
  if (list.length === 0) return noAttributes;
  const texts: Record<string, string> = Object.create(null);
  for (let each = 0; each < list.length; each += 2) texts[textAt(list, each)] = textAt(list, each + 1);
  return Object.freeze(texts);
}

/** Decodes the record of the session that the call named. */
export function ownRecordOf(app: string, id: string, reply: Reply): SessionRecord {
  return recordOf(app, id, listAt(accepted(reply), 1));
}

/** @throws SessionError `SESSION_LIMIT` */
export function insertionOf(session: NewSession, reply: Reply): Insertion {
  const { accountId } = session;
  if (reply[0] === 'limit') throw sessionLimit(accountId, numberAt(reply, 1), numberAt(reply, 2));
  const now = numberAt(accepted(reply), 1);
  return { record: newRecord(session, now), evicted: listsAt(reply, 2).map(closedOf) };
}

/** @throws SessionError `SESSION_LIMIT` */
export function onceInsertionOf(session: NewSession, reply: Reply): OnceInsertion {
  // The reply contains a record only if the session existed before.
  if (reply.length === 4) {
    return { record: recordOf(session.app, session.id, listAt(reply, 3)), evicted: [], inserted: false };
  }
  return { ...insertionOf(session, reply), inserted: true };
}

function sessionLimit(accountId: string, live: number, maxSession: number): SessionError {
  const text = `An account may hold at most maxSession (${maxSession}) live sessions; this one holds ${live}`;
  return new SessionError('SESSION_LIMIT', text, { accountId, maxSession });
}

function newRecord(session: NewSession, now: number): SessionRecord {
  const { app, id, accountId, ip, userAgent, ttl, maxAge, level } = session;
  const attributes = Object.freeze(Object.assign(Object.create(null), session.attributes));
  return {
    app,
    id,
    accountId,
    createdAt: now,
    lastTime: now,
    ttl,
    maxAge,
    ip,
    userAgent,
    lastIp: ip,
    lastUserAgent: userAgent,
    authenticatedAt: now,
    level: level ?? defaultLevel,
    attributes,
    generation: 0,
    reads: 0,
    writes: 0,
    presence: 'online',
    undelivered: 0,
  };
}

export function contactOf(app: string, id: string, reply: Reply): Contact {
  return {
    record: ownRecordOf(app, id, reply),
    cameOnline: numberAt(reply, 2) === 1,
    previousTime: numberAt(reply, 3),
  };
}

export function rotationOf(app: string, id: string, reply: Reply): AccountRotation {
  return { record: ownRecordOf(app, id, reply), closed: listsAt(reply, 2).map(closedOf) };
}

export function replacementOf(app: string, newId: string, reply: Reply): Replacement {
  return { record: ownRecordOf(app, newId, reply), closed: closedOf(listAt(reply, 2)) };
}

export function countOf(reply: Reply): number {
  return numberAt(accepted(reply), 1);
}

/** The state of a node in one bucket. */
export interface NodeStatus {
  /** The number of the latest notice that was sent to the node. */
  readonly latestNotice: number;
  /** Whether a connection is subscribed to the channel of the node. */
  readonly isSubscribed: boolean;
}

export function nodeStatusOf(reply: Reply): NodeStatus {
  return { latestNotice: numberAt(accepted(reply), 1), isSubscribed: numberAt(reply, 2) === 1 };
}

export function readResultOf(reply: Reply): ReadResult {
  const droppedReader = textAt(accepted(reply), 9);
  return {
    accountId: textAt(reply, 1),
    generation: numberAt(reply, 11),
    epoch: textAt(reply, 2),
    offset: numberAt(reply, 3),
    proof: numberAt(reply, 10),
    messages: messagesOf(listAt(reply, 4)),
    lost: numberAt(reply, 5),
    reset: numberAt(reply, 6) === 1,
    parked: numberAt(reply, 7) === 1,
    cameOnline: numberAt(reply, 8) === 1,
    droppedReader: droppedReader === '' ? undefined : droppedReader,
    ...(reply.length > 12 && { superseded: true }),
  };
}

const noMessages: readonly Message[] = [];

function messagesOf(list: Reply): readonly Message[] {
  return list.length === 0 ? noMessages : list.map((_element, index) => messageOf(textAt(list, index)));
}

export function closedOf(reply: Reply): ClosedSession {
  const { app, id } = nameAt(reply, 0);
  return { app, id, accountId: textAt(reply, 1), reason: reasonAt(reply, 2), undelivered: numberAt(reply, 3) };
}

export function silentSessionOf(reply: Reply): SessionReference {
  const { app, id } = nameAt(reply, 0);
  return { app, id, accountId: textAt(reply, 1) };
}

export function outcomeOf(reply: Reply): AppendOutcome {
  const { app, id } = nameAt(reply, 0);
  const verdict = textAt(reply, 2);
  if (verdict !== 'accepted' && verdict !== 'dropped' && verdict !== 'full' && verdict !== 'close') {
    throw misfit(reply, 2);
  }
  const accountId = textAt(reply, 1);
  return { app, id, accountId, verdict, dropped: numberAt(reply, 3), undelivered: numberAt(reply, 4) };
}

/** Decodes a message in the form that the scripts store: `<offset>:<at>:<key>\n<json>`. */
export function messageOf(element: string): Message {
  const atStart = element.indexOf(':') + 1;
  const keyStart = element.indexOf(':', atStart) + 1;
  const jsonStart = element.indexOf('\n', keyStart) + 1;
  const key = element.slice(keyStart, jsonStart - 1);
  const json = element.slice(jsonStart);
  return new Message(Number(element.slice(0, atStart - 1)), Number(element.slice(atStart, keyStart - 1)), {
    json,
    bytes: Buffer.byteLength(json),
    key: key === '' ? undefined : key,
  });
}
