import { useSyncExternalStore } from 'react';
import { emptySnapshot, type MailboxSnapshot, type MailboxStore } from './store.js';

/**
 * What a component shows of a mailbox: it renders again after each change.
 * @param store made once, outside of components; undefined on a server that renders pages and has no mailbox
 */
export function useMailbox<Data>(store: MailboxStore<Data> | undefined): MailboxSnapshot<Data> {
  const { subscribe, getSnapshot } = store ?? nothing;
  // What a server has rendered had nothing yet: the first rendering in the browser must be the same.
  return useSyncExternalStore<MailboxSnapshot<Data>>(subscribe, getSnapshot, nothing.getSnapshot);
}

const nothing: MailboxStore<never> = {
  subscribe: () => () => {},
  getSnapshot: () => emptySnapshot,
};
