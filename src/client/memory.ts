import type { Place } from './inbox.js';

/** Where a tab keeps what outlives a reload: `sessionStorage`, or anything that behaves like it. */
export interface TabStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** The name of the tab as a reader, a `Place`, and the way of `auto`. */
type Entry = 'reader' | 'place' | 'way';

/**
 * What one tab remembers of one mailbox. A storage that fails, because it is full or forbidden, is as good as none: the
 * server then gives everything that it retains.
 */
export class TabMemory {
  readonly #storage: () => TabStorage | null | undefined;
  readonly #key: string;

  constructor(storage: () => TabStorage | null | undefined, address: string) {
    this.#storage = storage;
    this.#key = `session-mailbox:${address}:`;
  }

  /**
   * The reader's name is in the storage only while no page uses it: a tab that is duplicated gets a copy of the storage,
   * and two tabs with one name would end each other's polls.
   */
  claimReader(): string {
    const name = String(this.read('reader') ?? `tab-${Math.random().toString(36)}`);
    this.write('reader', null);
    return name;
  }

  get place(): Place {
    const { cursor, seen } = Object(this.read('place'));
    return typeof cursor === 'string' && Array.isArray(seen) ? { cursor, seen } : { cursor: '', seen: [] };
  }

  read(name: Entry): unknown {
    try {
      return JSON.parse(this.#storage()?.getItem(this.#key + name) ?? 'null');
    } catch {
      return null;
    }
  }

  /** @param value null to forget */
  write(name: Entry, value: unknown): void {
    try {
      this.#storage()?.setItem(this.#key + name, JSON.stringify(value));
    } catch {}
  }
}
