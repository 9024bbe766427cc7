import type { AttributeTexts } from '../../../store/session-record.js';
import type { RowMailbox } from './row-mailbox.js';
import type { StoredSession } from './stored-session.js';

/**
 * Maximum size of one generation, in bytes: some 32 000 sessions with small texts. A session takes some 1.2 kB, and
 * attributes and mailboxes may have a megabyte each. A limit on the mere number of sessions would let their texts fill
 * the memory of the process.
 */
const mostBytes = 32 * 1_048_576;
const bytesOfSession = 1_024;

/**
 * A session as this process last read or wrote it, with the objects parsed from its texts. A save changes it in place:
 * new objects would each survive the young-generation collections of V8.
 */
export class KnownSession {
  readonly stored: StoredSession;
  /** A step that uses the mailbox removes it from here, because the step changes it, and puts it back when it saves. */
  mailbox: RowMailbox | undefined = undefined;
  attributes: AttributeTexts | undefined = undefined;
  /** Data version of the database when the row was last read, compared or written. Only `KnownSessions` sets it. */
  checkedAt: unknown = undefined;
  /** Bytes for which the session counts in the young generation. Only `KnownSessions` sets it. */
  bytes = 0;

  constructor(stored: StoredSession) {
    this.stored = stored;
  }
}

/**
 * A cache of the sessions that this process used recently. Another process may have changed them since then. A known
 * session is valid while no other connection has committed. After that it is valid only if its row still has the same
 * version, which the same transaction has to look up. The look-up costs a fifth of reading and decoding the rows.
 *
 * Known sessions may be ahead of the database only within a transaction: call `clear` after a rollback.
 */
export class KnownSessions {
  /** Two generations: when the young one is full, the old one is dropped, with all sessions not used recently. */
  #young = new Map<string, KnownSession>();
  #old = new Map<string, KnownSession>();
  #bytes = 0;
  #dataVersion: unknown;

  /**
   * Called when a transaction has begun.
   * @param dataVersion `PRAGMA data_version` within the transaction; each commit of another connection changes it
   */
  begin(dataVersion: unknown): void {
    this.#dataVersion = dataVersion;
  }

  /** Whether no other connection can have changed the row of the session. */
  isCurrent({ checkedAt }: KnownSession): boolean {
    return checkedAt !== undefined && checkedAt === this.#dataVersion;
  }

  /** Records that the row of the session was found to have the same version. */
  confirm(known: KnownSession): void {
    known.checkedAt = this.#dataVersion;
  }

  get(app: string, id: string): KnownSession | undefined {
    const young = this.#young.get(id);
    const known = young ?? this.#old.get(id);
    // An id is unique within its app only.
    if (known === undefined || known.stored.session.app !== app) return undefined;
    if (young === undefined) this.#keep(known);
    return known;
  }

  /** Adds a session that was read in this transaction, or written: then it may be known already. */
  put(known: KnownSession): void {
    this.confirm(known);
    this.#keep(known);
  }

  #keep(known: KnownSession): void {
    const { id } = known.stored.session;
    const former = this.#young.get(id);
    this.#bytes -= former?.bytes ?? 0;
    known.bytes = bytesOf(known);
    this.#bytes += known.bytes;
    if (former !== known) this.#young.set(id, known);
    if (this.#bytes < mostBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#bytes = 0;
  }

  delete(id: string): void {
    this.#bytes -= this.#young.get(id)?.bytes ?? 0;
    this.#young.delete(id);
    this.#old.delete(id);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#bytes = 0;
  }
}

/** Estimates the size: the length of each text, counted once even if the text was also parsed into an object. */
function bytesOf({ stored: { session, contact } }: KnownSession): number {
  return bytesOfSession + (session.attributes?.length ?? 0) + (contact.mailbox?.length ?? 0);
}
