import { newEpoch } from '../../../mailbox/epoch.js';
import type { Database, Statement } from '../driver/database.js';

/** In place of a boot: what was written last is not known to be on the disk. */
const unsynced = 'unsynced';

/**
 * The history of the file: one unbroken life of what it holds. It ends when the file may have lost what was
 * acknowledged. With `interval` that is when the machine crashed while a process had the file open, or when the disk
 * failed to sync. So the file says under which boot of the machine it is open with `interval`, until the last process
 * has closed it. A process that is killed loses nothing, as the operating system has what it wrote.
 *
 * A file that was put in the place of a newer one is not noticed here, but by the proofs in cursors.
 */
export class History {
  readonly #select: Statement;
  readonly #update: Statement;
  #tag = '';

  /** @param database with the tables of `sessionSchema` */
  constructor(database: Database) {
    this.#select = database.prepare('SELECT tag, boot FROM history');
    this.#update = database.prepare('UPDATE history SET tag = ?, boot = ?');
  }

  get tag(): string {
    return this.#tag;
  }

  /** Whether this is the tag of the history now. Within a transaction. */
  isCurrent(tag: string): boolean {
    // Another process renews it only after a disk failed to sync.
    if (tag !== this.#tag) this.#tag = this.#read().tag;
    return tag === this.#tag;
  }

  /**
   * Renews the history if the file may be older than what was acknowledged. Within a transaction that writes.
   * @param boot of the machine
   * @param isSynced whether this process acknowledges only what is on the disk
   */
  begin(boot: string, isSynced: boolean): void {
    const found = this.#read();
    const isBroken = found.boot !== '' && found.boot !== boot;
    this.#tag = isBroken || found.tag === '' ? newEpoch() : found.tag;
    const marked = isSynced && found.boot !== boot ? '' : boot;
    if (this.#tag !== found.tag || marked !== found.boot) this.#update.run(this.#tag, marked);
  }

  /** Marks the file again if another process took the mark away. Within a transaction that writes. */
  keepMark(boot: string): void {
    const found = this.#read();
    if (found.boot === '') this.#update.run(found.tag, boot);
  }

  /** The last process closes the file. Within a transaction that writes. */
  end(): void {
    const { tag, boot } = this.#read();
    if (boot !== '' && boot !== unsynced) this.#update.run(tag, '');
  }

  /** The next process that opens the file begins a new history. */
  distrust(): void {
    this.#update.run(this.#read().tag, unsynced);
  }

  #read(): { readonly tag: string; readonly boot: string } {
    const [tag, boot] = this.#select.get() ?? [];
    return { tag: String(tag ?? ''), boot: String(boot ?? '') };
  }
}
