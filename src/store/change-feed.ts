/** Implemented by session caches, which must evict what has changed. The methods must not throw. */
export interface ChangeWatcher {
  /**
   * The session's attributes or secret changed, or it ended, at any node. Called after the change, possibly more than
   * once. Reads and renewals are not notified.
   */
  changed(app: string, id: string): void;
  /** From now on changes are not notified. */
  interrupted(): void;
  /** From now on changes are notified again. Changes since `interrupted` are not notified later. */
  resumed(): void;
}

/** Optional ability of a store: to notify this process of changes that any node makes. */
export interface ChangeFeed {
  /**
   * Resolves once all later changes are notified.
   * @returns ends the watch; resolves when the watcher is not called any more
   * @throws SessionError `STORE_UNAVAILABLE`
   */
  watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>>;
}

export function isChangeFeed(store: object): store is ChangeFeed {
  return 'watchChanges' in store && typeof store.watchChanges === 'function';
}
