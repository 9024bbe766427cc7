import type { ChangeWatcher, SessionChange } from '../../store/change-feed.js';

/** The change watchers of this process. */
export class ChangeWatchers {
  readonly #watchers = new Set<ChangeWatcher>();

  get count(): number {
    return this.#watchers.size;
  }

  add(watcher: ChangeWatcher): void {
    this.#watchers.add(watcher);
  }

  /** @returns whether the watcher was registered */
  delete(watcher: ChangeWatcher): boolean {
    return this.#watchers.delete(watcher);
  }

  clear(): void {
    this.#watchers.clear();
  }

  changed(app: string, id: string, change: SessionChange): void {
    for (const watcher of this.#watchers) watcher.changed(app, id, change);
  }

  interrupted(): void {
    for (const watcher of this.#watchers) watcher.interrupted();
  }

  resumed(): void {
    for (const watcher of this.#watchers) watcher.resumed();
  }
}
