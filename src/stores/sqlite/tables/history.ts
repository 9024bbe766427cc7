import { newEpoch } from '../../../mailbox/epoch.js';
import type { Database, Statement } from '../driver/database.js';

/** Stored instead of a boot after a failed sync: the latest writes may not be on the disk. */
const unsynced = 'unsynced';

/**
 * The history of the file: a period in which the file has lost nothing that was acknowledged. A new history begins when
 * such a loss is possible. That is the case when the disk failed to sync, and with `interval` also when the machine
 * crashed while a process had the file open. Therefore the file has a mark, the boot of the machine under which it is
 * open with `interval`, until the last process closes it. If a process is killed, nothing is lost, because the operating
 * system has its writes.
 *
 * `History` does not detect that an older copy has replaced the file. The proofs in cursors do.
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

  /** Whether this is the tag of the current history. Called within a transaction. */
  isCurrent(tag: string): boolean {
    // While this process runs, another process begins a new history only after the disk failed to sync.
    if (tag !== this.#tag) this.#tag = this.#read().tag;
    return tag === this.#tag;
  }

  /**
   * Begins a new history if the file may have lost what was acknowledged. Called within a transaction that writes.
   * @param boot the current boot of the machine
   * @param isSynced whether this process acknowledges only what is on the disk
   */
  begin(boot: string, isSynced: boolean): void {
    const found = this.#read();
    const isBroken = found.boot !== '' && found.boot !== boot;
    this.#tag = isBroken || found.tag === '' ? newEpoch() : found.tag;
    const marked = isSynced && found.boot !== boot ? '' : boot;
    if (this.#tag !== found.tag || marked !== found.boot) this.#update.run(this.#tag, marked);
  }

  /** Marks the file again if another process has removed the mark. Called within a transaction that writes. */
  keepMark(boot: string): void {
    const found = this.#read();
    if (found.boot === '') this.#update.run(found.tag, boot);
  }

  /** Removes the mark when the last process closes the file. Called within a transaction that writes. */
  end(): void {
    const { tag, boot } = this.#read();
    if (boot !== '' && boot !== unsynced) this.#update.run(tag, '');
  }

  /** Whether the disk failed to sync, and no process has opened the file since. */
  get isDistrusted(): boolean {
    return this.#read().boot === unsynced;
  }

  /** Makes the next process that opens the file begin a new history. */
  distrust(): void {
    this.#update.run(this.#read().tag, unsynced);
  }

  #read(): { readonly tag: string; readonly boot: string } {
    const [tag, boot] = this.#select.get() ?? [];
    return { tag: String(tag ?? ''), boot: String(boot ?? '') };
  }
}
