/** Whoever keeps copies of sessions, and has to let go of them. Calls come at any time while it watches; none may throw. */
export interface ChangeWatcher {
  /**
   * The session's attributes or secret changed, or it ended, at whichever node. Told after the change, never before it,
   * and perhaps more than once. That a session was read or renewed is not told.
   */
  changed(app: string, id: string): void;
  /** Changes are missed from now on. */
  interrupted(): void;
  /** Changes are told again from now on; what was missed meanwhile is not made up for. */
  resumed(): void;
}

/** An ability that a store may have besides its operations: to tell this process what any node changes. */
export interface ChangeFeed {
  /**
   * Resolves once every later change is told.
   * @returns ends it; resolves when no call comes any more
   * @throws SessionError `STORE_UNAVAILABLE`
   */
  watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>>;
}

export function isChangeFeed(store: object): store is ChangeFeed {
  return 'watchChanges' in store && typeof store.watchChanges === 'function';
}
