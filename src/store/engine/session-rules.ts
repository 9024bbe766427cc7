import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import { sessionClosed, sessionUnknown } from '../../errors/session-error.js';
import type { MailboxRules } from '../../mailbox/mailbox-rules.js';
import type { Reader } from '../../mailbox/reader.js';
import type { ClosedSession, SessionRecord } from '../session-record.js';
import type { Contact } from '../session-store.js';
import { amendmentsOf } from './amendments.js';
import { deadReason, idles } from './deadlines.js';
import type { Notices } from './notices.js';
import { isSameHash } from './same-hash.js';
import type { SessionEntry, SessionTables, Tombstone } from './tables.js';

/** Parts of an engine. */
export interface EngineParts {
  readonly context: SessionContext;
  readonly tables: SessionTables;
  readonly notices: Notices;
  /**
   * Name of this process among the processes that share the tables. Names are unique, and a restarted process has a new
   * name. `undefined` if no other process uses the tables: then only this process ends the park of a reader, however
   * long it lasts.
   */
  readonly node: string | undefined;
}

/** The rules of one session, on which all operations build. A rule saves the entry only where its comment says so. */
export class SessionRules {
  readonly context: SessionContext;
  readonly tables: SessionTables;
  readonly notices: Notices;
  readonly node: string;
  readonly isShared: boolean;

  constructor({ context, tables, notices, node }: EngineParts) {
    this.context = context;
    this.tables = tables;
    this.notices = notices;
    this.node = node ?? '';
    this.isShared = node !== undefined;
  }

  /** Returns the session, live or past a deadline, unless it was closed. */
  find(app: string, id: string, now: number): SessionEntry | undefined {
    const entry = this.tables.find(app, id);
    if (this.isShared && entry !== undefined) this.releaseOverdue(entry, now);
    return entry;
  }

  findLive(app: string, id: string, now: number): SessionEntry | undefined {
    const entry = this.find(app, id, now);
    return entry !== undefined && this.deadReason(entry, now) === undefined ? entry : undefined;
  }

  /** @throws SessionError `SESSION_UNKNOWN`, `SESSION_CLOSED` */
  live(app: string, id: string, now: number): SessionEntry {
    const entry = this.find(app, id, now);
    return entry === undefined ? this.#refuse(this.tombstone(app, id, now)) : this.requireLive(entry, now);
  }

  /**
   * Like `live`, but checks the secret first. Throws the same error code for a wrong secret and for an unknown session;
   * the `refused` of the error tells them apart.
   * @throws SessionError `SESSION_UNKNOWN`, `SESSION_CLOSED`
   */
  proven(app: string, id: string, secretHash: string, now: number): SessionEntry {
    const entry = this.find(app, id, now);
    if (entry === undefined) {
      const tombstone = this.tombstone(app, id, now);
      if (tombstone === undefined) throw sessionUnknown('unknown');
      if (!isSameHash(tombstone.secretHash, secretHash)) throw sessionUnknown('wrong-secret');
      return this.#refuse(tombstone);
    }
    if (!isSameHash(entry.secretHash, secretHash)) {
      throw sessionUnknown(isSameHash(amendmentsOf(entry).formerHash, secretHash) ? 'rotated' : 'wrong-secret');
    }
    return this.requireLive(entry, now);
  }

  /** @throws SessionError `SESSION_CLOSED` */
  requireLive(entry: SessionEntry, now: number): SessionEntry {
    const reason = this.deadReason(entry, now);
    if (reason !== undefined) throw sessionClosed(reason);
    return entry;
  }

  /** Returns the tombstone of a closed session, unless its time has passed, whether it was dropped yet or not. */
  tombstone(app: string, id: string, now: number): Tombstone | undefined {
    const tombstone = this.tables.tombstone(app, id);
    return tombstone !== undefined && tombstone.forgottenAt > now ? tombstone : undefined;
  }

  /** Returns the live sessions of the account in the order of their creation. */
  liveOfAccount(app: string, accountId: string, now: number): readonly SessionEntry[] {
    const live: SessionEntry[] = [];
    for (const entry of this.tables.ofAccount(app, accountId)) {
      if (this.isShared) this.releaseOverdue(entry, now);
      if (this.deadReason(entry, now) === undefined) live.push(entry);
    }
    return live;
  }

  deadReason(entry: SessionEntry, now: number): CloseReason | undefined {
    return deadReason(entry, now, this.context);
  }

  /** Records a contact: the session is present. @returns whether it had been reported away */
  contact(entry: SessionEntry, time: number): boolean {
    if (time > entry.lastContact) entry.lastContact = time;
    if (entry.reportedOnline) return false;
    entry.reportedOnline = true;
    return true;
  }

  activity(entry: SessionEntry, time: number): void {
    if (time > entry.lastTime) entry.lastTime = time;
  }

  /** Records a contact and, if asked for, activity and another idle time. Saves the entry. */
  renew(entry: SessionEntry, now: number, activity = true, ttl = entry.ttl): Contact {
    const previousTime = idles(entry, this.context) ? entry.lastTime : now;
    if (activity) this.activity(entry, now);
    if (ttl !== entry.ttl) entry.ttl = ttl;
    const cameOnline = this.contact(entry, now);
    entry.save();
    return { record: this.record(entry, now), cameOnline, previousTime };
  }

  /** Ends the park of a reader. The silence of the reader and the idle time of the session begin at `time`. */
  unpark(entry: SessionEntry, reader: Reader, time: number): void {
    reader.parkedUntil = 0;
    reader.lastPoll = time;
    this.contact(entry, time);
    if (this.context.pollRenews) this.activity(entry, time);
  }

  /** Ends the parks whose node has ended or has failed to release its reader. */
  releaseOverdue(entry: SessionEntry, now: number): void {
    if (!entry.isParked) return;
    for (const reader of entry.mailbox?.allReaders ?? []) {
      if (reader.parked && reader.parkedUntil <= now) this.unpark(entry, reader, reader.parkedUntil);
    }
  }

  /** Closes the session, remembers the reason, and notifies the nodes that hold polls of the session or cache it. */
  close(entry: SessionEntry, reason: CloseReason, now: number): ClosedSession {
    const { app, id, accountId, secretHash, mailbox } = entry;
    const { tombstoneTime, messageTtl } = this.context;
    const undelivered = entry.undelivered(now, messageTtl);
    const nodes = entry.isParked && mailbox !== undefined ? nodesParkedAt(mailbox) : noNodes;
    entry.remove();
    if (tombstoneTime > 0) this.tables.bury(app, id, { secretHash, reason, forgottenAt: now + tombstoneTime });
    for (const node of nodes) this.notices.closed(node, app, id, reason);
    this.notices.sessionChanged(app, id, { kind: 'closed', accountId, reason });
    return { app, id, accountId, reason, undelivered };
  }

  /** Returns the record of the session for callers. Changes nothing. */
  record(entry: SessionEntry, now: number): SessionRecord {
    const { hbGrace, messageTtl } = this.context;
    const isOnline = entry.isParked || now - entry.lastContact < hbGrace;
    const { authenticatedAt, level, lastIp, lastUserAgent } = amendmentsOf(entry);
    return {
      app: entry.app,
      id: entry.id,
      accountId: entry.accountId,
      createdAt: entry.createdAt,
      lastTime: idles(entry, this.context) ? entry.lastTime : now,
      ttl: entry.ttl,
      maxAge: entry.maxAge,
      ip: entry.ip,
      userAgent: entry.userAgent,
      lastIp,
      lastUserAgent,
      authenticatedAt,
      level,
      attributes: entry.attributes,
      generation: entry.generation,
      reads: entry.reads,
      writes: entry.writes,
      presence: isOnline ? 'online' : 'away',
      undelivered: entry.undelivered(now, messageTtl),
    };
  }

  #refuse(tombstone: Tombstone | undefined): never {
    throw tombstone === undefined ? sessionUnknown() : sessionClosed(tombstone.reason);
  }
}

const noNodes: readonly string[] = [];

/** Returns the nodes that hold a poll of a parked reader, each node once. */
export function nodesParkedAt(mailbox: MailboxRules): readonly string[] {
  const nodes: string[] = [];
  for (const { parked, node } of mailbox.allReaders) if (parked && !nodes.includes(node)) nodes.push(node);
  return nodes;
}
