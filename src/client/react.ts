import { useSyncExternalStore } from 'react';
import { emptySnapshot, type MailboxStore, type MailboxStoreSnapshot } from './store.js';

/**
 * Returns the snapshot of a mailbox for a component. The component renders again after each change.
 * @param store created once, outside of components; undefined on a server that renders pages and has no mailbox
 */
export function useMailbox<Data>(store: MailboxStore<Data> | undefined): MailboxStoreSnapshot<Data> {
  const { subscribe, getSnapshot } = store ?? nothing;
  // A server renders the empty snapshot. The first rendering in the browser must be the same.
  return useSyncExternalStore<MailboxStoreSnapshot<Data>>(subscribe, getSnapshot, nothing.getSnapshot);
}

const nothing: MailboxStore<never> = {
  subscribe: () => () => {},
  getSnapshot: () => emptySnapshot,
};
