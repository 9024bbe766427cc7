import type { CloseReason } from '../../core/close-reason.js';
import type { Mailbox } from '../../core/mailbox.js';
import type { SessionContext } from '../../core/session-context.js';
import type { AttributeTexts, NewSession, SessionRecord } from '../../core/session-record.js';

/** A live session, or one past its deadline that no sweep has reclaimed yet. */
export class SessionEntry {
  /** Its place in the app's lists. */
  slot = -1;
  readonly id: string;
  readonly accountId: string;
  secretHash: string;
  readonly createdAt: number;
  lastTime: number;
  lastContact: number;
  readonly ttl: number;
  readonly maxAge: number;
  readonly ip: string;
  readonly userAgent: string;
  /** Replaced as a whole, never changed in place, so that records may share it. */
  attributes: AttributeTexts;
  reads = 0;
  writes = 0;
  /** What was last reported; what a reader sees is judged by `presence`. */
  reportedOnline = true;
  /** How many of the mailbox's readers are parked. */
  parked = 0;
  mailbox: Mailbox | undefined = undefined;

  constructor(session: NewSession, now: number) {
    this.id = session.id;
    this.accountId = session.accountId;
    this.secretHash = session.secretHash;
    this.createdAt = now;
    this.lastTime = now;
    this.lastContact = now;
    this.ttl = session.ttl;
    this.maxAge = session.maxAge;
    this.ip = session.ip;
    this.userAgent = session.userAgent;
    this.attributes = session.attributes;
  }

  /** Why the session is dead by now, or `undefined` if it lives. */
  deadReason(now: number, pollRenews: boolean): CloseReason | undefined {
    const idles = this.parked === 0 || !pollRenews;
    const idleDeadline = idles ? this.lastTime + this.ttl : Number.POSITIVE_INFINITY;
    const ageDeadline = this.maxAge === 0 ? Number.POSITIVE_INFINITY : this.createdAt + this.maxAge;
    if (now < idleDeadline && now < ageDeadline) return undefined;
    return idleDeadline <= ageDeadline ? 'expired' : 'max-age';
  }

  toRecord(app: string, now: number, context: SessionContext): SessionRecord {
    this.mailbox?.dropAged(now, context);
    return {
      app,
      id: this.id,
      accountId: this.accountId,
      createdAt: this.createdAt,
      lastTime: this.parked > 0 && context.pollRenews ? now : this.lastTime,
      ttl: this.ttl,
      maxAge: this.maxAge,
      ip: this.ip,
      userAgent: this.userAgent,
      attributes: this.attributes,
      reads: this.reads,
      writes: this.writes,
      presence: this.parked > 0 || now - this.lastContact < context.hbGrace ? 'online' : 'away',
      undelivered: this.mailbox?.messages.length ?? 0,
    };
  }
}
