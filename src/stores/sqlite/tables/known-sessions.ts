import type { AttributeTexts } from '../../../store/session-record.js';
import type { RowMailbox } from './row-mailbox.js';
import type { StoredSession } from './session-rows.js';

/**
 * What one generation may take, in bytes: some 32 000 sessions with small texts. A session takes some 1.2 kB, and attributes and
 * mailboxes may have a megabyte each: sessions alone, counted without their texts, could fill the memory of the process.
 */
const mostBytes = 32 * 1_048_576;
const bytesOfSession = 1_024;

/** A session as this process read or wrote it last, with what was made of its texts. */
export interface KnownSession {
  readonly stored: StoredSession;
  /** Taken away by a step that uses it, because the step changes it; put back once the step has saved. */
  mailbox: RowMailbox | undefined;
  attributes: AttributeTexts | undefined;
  /** The data version of the database when its row was read, compared or written last. Set by `KnownSessions` alone. */
  checkedAt?: unknown;
}

/**
 * The sessions that this process used lately. Another process may have changed them since: what is known of a session
 * holds while no other connection has committed, and after that only if its row still has the same version, which the
 * same transaction has to look up. That costs a fifth of reading and decoding the rows.
 *
 * What is known may be ahead of the database only within a transaction: `clear` it when one is undone.
 */
export class KnownSessions {
  /** Two generations: when the younger one is full, the older is dropped with all that was not used meanwhile. */
  #young = new Map<string, KnownSession>();
  #old = new Map<string, KnownSession>();
  #bytes = 0;
  #dataVersion: unknown;

  /**
   * A transaction has begun.
   * @param dataVersion `PRAGMA data_version` within it: another one after each commit of another connection
   */
  begin(dataVersion: unknown): void {
    this.#dataVersion = dataVersion;
  }

  /** Whether no other connection can have changed its row. */
  isCurrent({ checkedAt }: KnownSession): boolean {
    return checkedAt !== undefined && checkedAt === this.#dataVersion;
  }

  /** Its row was found to have the same version. */
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

  /** What was read or written in this transaction. */
  put(known: KnownSession): void {
    this.confirm(known);
    this.#keep(known);
  }

  #keep(known: KnownSession): void {
    const { id } = known.stored.session;
    this.#bytes += bytesOf(known) - bytesOf(this.#young.get(id));
    this.#young.set(id, known);
    if (this.#bytes < mostBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#bytes = 0;
  }

  delete(id: string): void {
    this.#bytes -= bytesOf(this.#young.get(id));
    this.#young.delete(id);
    this.#old.delete(id);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#bytes = 0;
  }
}

/** About: texts by their length, and once, also where they were read into objects. */
function bytesOf(known: KnownSession | undefined): number {
  if (known === undefined) return 0;
  const { session, contact } = known.stored;
  return bytesOfSession + (session.attributes?.length ?? 0) + (contact.mailbox?.length ?? 0);
}
