import type { Place } from './inbox.js';

/** Storage of a tab that survives a reload: `sessionStorage`, or anything that behaves like it. */
export interface TabStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Entries of the memory: the tab's name as a reader, its `Place`, and the index of the transport that `auto` uses. */
type Entry = 'reader' | 'place' | 'way';

/**
 * Memory of one tab for one mailbox. A storage that fails, because it is full or forbidden, counts as no storage: the
 * server then sends everything that it retains.
 */
export class TabMemory {
  readonly #storage: () => TabStorage | null | undefined;
  readonly #key: string;

  constructor(storage: () => TabStorage | null | undefined, address: string) {
    this.#storage = storage;
    this.#key = `session-mailbox:${address}:`;
  }

  /**
   * Returns the reader's name and removes it from the storage. The name is in the storage only while no page uses it: a
   * duplicated tab gets a copy of the storage, and two tabs with the same name would end each other's polls.
   */
  claimReader(): string {
    const name = String(this.read('reader') ?? `tab-${Math.random().toString(36)}`);
    this.write('reader', null);
    return name;
  }

  get place(): Place {
    const { cursor, seen } = Object(this.read('place'));
    return typeof cursor === 'string' && Array.isArray(seen) ? { cursor, seen } : { cursor: '' };
  }

  read(name: Entry): unknown {
    try {
      return JSON.parse(this.#storage()?.getItem(this.#key + name) ?? 'null');
    } catch {
      return null;
    }
  }

  /** @param value null to delete the entry */
  write(name: Entry, value: unknown): void {
    try {
      this.#storage()?.setItem(this.#key + name, JSON.stringify(value));
    } catch {}
  }
}
