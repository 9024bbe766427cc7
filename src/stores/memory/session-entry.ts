import type { Mailbox } from '../../mailbox/mailbox.js';
import type { AttributeTexts, NewSession } from '../../store/session-record.js';

/** A live session, or one past its deadline that no sweep has reclaimed yet. Its times are with its slot. */
export class SessionEntry {
  /** Its place in the app's tables. */
  readonly slot: number;
  readonly id: string;
  readonly accountId: string;
  secretHash: string;
  /** Changed by `AppSessions`, which keeps its order by it. */
  ttl: number;
  readonly ip: string;
  readonly userAgent: string;
  /** Replaced as a whole, never changed in place, so that records may share it. */
  attributes: AttributeTexts;
  reads = 0;
  writes = 0;
  /** What was last reported; what a reader sees is judged anew. */
  reportedOnline = true;
  /** How many of the mailbox's readers are parked. */
  parked = 0;
  mailbox: Mailbox | undefined = undefined;

  constructor(slot: number, session: Omit<NewSession, 'app' | 'maxAge'>) {
    this.slot = slot;
    this.id = session.id;
    this.accountId = session.accountId;
    this.secretHash = session.secretHash;
    this.ttl = session.ttl;
    this.ip = session.ip;
    this.userAgent = session.userAgent;
    this.attributes = session.attributes;
  }
}
