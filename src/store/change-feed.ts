import type { CloseReason } from '../errors/close-reason.js';

/** What happened to a session. */
export type SessionChange =
  | { readonly kind: 'created' | 'rotated'; readonly accountId: string }
  | { readonly kind: 'closed'; readonly accountId: string; readonly reason: CloseReason }
  /** What a copy of it holds is outdated, such as its attributes, by a patch or because it replaced another session. */
  | { readonly kind: 'patched' };

export const patched: SessionChange = Object.freeze({ kind: 'patched' });

/**
 * Is notified of changes to sessions: a cache that must evict what has changed, or an application that wants to hear what
 * happens on other nodes. The methods must not throw.
 */
export interface ChangeWatcher {
  /**
   * The session was created, its attributes or its secret changed, or it ended, at any node, this one included. Called
   * after the change, once or, by some stores, more than once. Changes that one node makes to one session one after the
   * other come in their order. Reads, renewals and messages are not notified.
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
   * @returns ends the watch; resolves when the watcher is not called any more
   * @throws SessionError `STORE_UNAVAILABLE`
   */
  watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>>;
}

/** Whether a store tells the changes of its sessions. */
export function isChangeFeed(store: object): store is ChangeFeed {
  return 'watchChanges' in store && typeof store.watchChanges === 'function';
}
