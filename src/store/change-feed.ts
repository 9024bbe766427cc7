import type { CloseReason } from '../errors/close-reason.js';

/** Change of a session. */
export type SessionChange =
  | { readonly kind: 'created' | 'rotated'; readonly accountId: string }
  | { readonly kind: 'closed'; readonly accountId: string; readonly reason: CloseReason }
  /** A copy of the session is outdated, for example its attributes: it was patched, or it replaced another session. */
  | { readonly kind: 'patched' };

export const patched: SessionChange = Object.freeze({ kind: 'patched' });

/**
 * Receives notifications of changes to sessions: for a cache that must evict changed sessions, or an application that
 * needs to know what happens on other nodes. The methods must not throw.
 */
export interface ChangeWatcher {
  /**
   * The session was created, its attributes or its secret changed, or it ended. Any node may have made the change,
   * including this one. Called after the change, by some stores more than once. Successive changes by one node to one
   * session are notified in their order. Reads, renewals and messages are not notified.
   */
  changed(app: string, id: string, change: SessionChange): void;
  /** From now on changes are not notified. */
  interrupted(): void;
  /** From now on changes are notified again. Changes since `interrupted` are not notified later. */
  resumed(): void;
}

/** Optional ability of a store: to notify this process of changes that any node makes. */
export interface ChangeFeed {
  /**
   * Resolves once all later changes are notified.
   * @returns a function that ends the watch; it resolves when the watcher is not called any more
   * @throws SessionError `STORE_UNAVAILABLE`
   */
  watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>>;
}

/** Whether a store notifies watchers of changes to its sessions. */
export function isChangeFeed(store: object): store is ChangeFeed {
  return 'watchChanges' in store && typeof store.watchChanges === 'function';
}
