import type { SessionContext } from '../../context/session-context.js';
import { SessionError, sessionClosed, sessionUnknown } from '../../errors/session-error.js';
import { Message } from '../../mailbox/message.js';
import type { AttributeTexts, ClosedSession, NewSession, SessionRecord } from '../../store/session-record.js';
import type { AppendOutcome, Contact, Insertion, ReadResult, StoreListener } from '../../store/session-store.js';
import { storeUnavailable } from './unavailable.js';
import type {
  ClosedReply,
  ContactReply,
  InsertionReply,
  MessageReply,
  Notice,
  OutcomeReply,
  ReadReply,
  RecordReply,
  Refusal,
} from './wire.js';

export function errorOf(refusal: Refusal, { maxSession }: SessionContext): SessionError {
  switch (refusal[0]) {
    case 'SESSION_UNKNOWN':
      return sessionUnknown();
    case 'SESSION_CLOSED':
      return sessionClosed(refusal[1]);
    case 'SESSION_LIMIT': {
      const [, accountId, live] = refusal;
      const text = `An account may hold at most maxSession (${maxSession}) live sessions; this one holds ${live}`;
      return new SessionError('SESSION_LIMIT', text, { accountId, maxSession });
    }
    case 'STORE_UNAVAILABLE':
      return storeUnavailable(refusal[1]);
  }
}

const noAttributes: AttributeTexts = Object.freeze(Object.create(null));

function attributesOf(list: readonly string[] | null): AttributeTexts {
  if (list === null) return noAttributes;
  const texts: Record<string, string> = Object.create(null);
  for (let each = 0; each < list.length; each += 2) texts[list[each] ?? ''] = list[each + 1] ?? '';
  return Object.freeze(texts);
}

export function recordOf(app: string, reply: RecordReply): SessionRecord {
  return {
    app,
    id: reply[12],
    accountId: reply[0],
    createdAt: reply[1],
    lastTime: reply[2],
    ttl: reply[3],
    maxAge: reply[4],
    ip: reply[5],
    userAgent: reply[6],
    attributes: attributesOf(reply[11]),
    reads: reply[7],
    writes: reply[8],
    presence: reply[9] ? 'online' : 'away',
    undelivered: reply[10],
  };
}

export function insertionOf(session: NewSession, [now, evicted]: InsertionReply): Insertion {
  const { app, id, accountId, ip, userAgent, ttl, maxAge } = session;
  const attributes = Object.freeze(Object.assign(Object.create(null), session.attributes));
  const record: SessionRecord = {
    ...{ app, id, accountId, createdAt: now, lastTime: now, ttl, maxAge, ip, userAgent, attributes },
    ...{ reads: 0, writes: 0, presence: 'online', undelivered: 0 },
  };
  return { record, evicted: evicted.map(closedOf) };
}

export function contactOf(app: string, [record, cameOnline, previousTime]: ContactReply): Contact {
  return { record: recordOf(app, record), cameOnline, previousTime };
}

export function closedOf([app, id, accountId, reason, undelivered]: ClosedReply): ClosedSession {
  return { app, id, accountId, reason, undelivered };
}

export function outcomeOf(app: string, [id, accountId, verdict, dropped, undelivered]: OutcomeReply): AppendOutcome {
  return { app, id, accountId, verdict, dropped, undelivered };
}

export function messageOf([offset, at, bytes, key, json]: MessageReply): Message {
  return new Message(offset, at, { json, bytes, key: key ?? undefined });
}

export function resultOf(reply: ReadReply): ReadResult {
  const [accountId, epoch, offset, messages, lost, reset, parked, cameOnline, droppedReader] = reply;
  return {
    ...{ accountId, epoch, offset, messages: messages.map(messageOf), lost, reset, parked, cameOnline },
    droppedReader: droppedReader ?? undefined,
  };
}

/** Passes a notice on; whether it was for those who wait. */
export function repeat(listener: StoreListener, notice: Notice): boolean {
  switch (notice[0]) {
    case 'appended':
      listener.appended(
        notice[1],
        notice[2],
        notice[3],
        messageOf([notice[4], notice[5], notice[6], notice[7], notice[8]]),
      );
      return true;
    case 'changed':
      listener.changed(notice[1], notice[2]);
      return true;
    case 'closed':
      listener.closed(notice[1], notice[2], notice[3]);
      return true;
    case 'superseded':
      listener.superseded(notice[1], notice[2], notice[3], notice[4]);
      return true;
    case 'missed':
      listener.missed();
      return true;
    case 'session':
      return false;
  }
}
