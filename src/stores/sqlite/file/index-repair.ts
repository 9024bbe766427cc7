import { reportFault } from '../../../errors/fault-report.js';
import type { Database } from '../driver/database.js';
import { resultCodes, SqliteFault } from '../driver/sqlite-fault.js';

/** The indexes, without those that are tables: a table without a rowid is the index of its primary key. */
const indexes = [
  'session_by_id',
  'session_by_account',
  'contact_by_due',
  'contact_by_silence',
  'message_by_key',
  'tombstone_by_time',
] as const;

/**
 * Builds the indexes again from their tables, when a step has met a damaged structure. An index whose entries do not match
 * its table passes the check at the opening. Each step that changes such an entry fails, and with it each sweep.
 */
export class IndexRepair {
  readonly #database: Database;
  readonly #run: (work: () => void) => Promise<void>;
  #hasBegun = false;

  /** @param run carries out the work in a transaction that writes */
  constructor(database: Database, run: (work: () => void) => Promise<void>) {
    this.#database = database;
    this.#run = run;
  }

  /**
   * Has an effect until the indexes could be built, or their damage kept them from it: after that, the damage is elsewhere.
   * Never throws.
   */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    void this.#rebuild();
  }

  async #rebuild(): Promise<void> {
    let fault: unknown;
    for (const name of indexes) {
      try {
        await this.#run(() => this.#database.exec(`REINDEX ${name}`));
      } catch (error) {
        // Damage of one index matters more than what kept another from being built.
        if (fault === undefined || isDamage(error)) fault = error;
      }
    }
    if (fault !== undefined && !isDamage(fault)) {
      // The lock is held, or the disk is full. The next step that meets the damage begins again.
      this.#hasBegun = false;
      return;
    }
    if (fault !== undefined) reportFault('The SQLite file is damaged: restore a backup, or move it away', fault);
    else
      reportFault('The SQLite file was damaged: its indexes were built again', 'Rows are checked when they are read');
  }
}

/** @param error with which a step failed */
function isDamage(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof SqliteFault && cause.code === resultCodes.corrupt;
}
