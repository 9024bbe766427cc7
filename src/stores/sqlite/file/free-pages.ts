import type { Database, Statement } from '../driver/database.js';

/** Number of pages given back in one step: takes about a millisecond. */
const stepPages = 50;
/** Number of free pages that a file may keep, whatever its size: 4 MiB. */
const sparePages = 1_024;

/**
 * Gives space back to the file system after the store shrank. A quarter of the pages may stay free: new sessions will
 * use them, and moving pages costs writes.
 */
export class FreePages {
  readonly #database: Database;
  readonly #pageCount: Statement;
  readonly #freeCount: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#pageCount = database.prepare('PRAGMA page_count');
    this.#freeCount = database.prepare('PRAGMA freelist_count');
  }

  /**
   * Takes one step, within a transaction that writes. The next checkpoint truncates the file.
   * @returns whether there is more to give back
   */
  giveBack(): boolean {
    const free = Number(this.#freeCount.get()?.[0]);
    if (free <= sparePages || free * 4 <= Number(this.#pageCount.get()?.[0])) return false;
    this.#database.exec(`PRAGMA incremental_vacuum(${stepPages})`);
    return true;
  }
}
