import type { MailboxClient } from './mailbox-client.js';
import type { MailboxState } from './news.js';
import type { ClosedNotice, Message } from './wire.js';

/** What a view shows of a mailbox. Immutable: every change creates a new snapshot. */
export interface MailboxStoreSnapshot<Data = unknown> {
  /** The newest messages, oldest first. */
  readonly messages: readonly Message<Data>[];
  readonly state: MailboxState;
  /** Total number of messages that bounds of the mailbox have dropped. */
  readonly lost: number;
  /** Number of times that the mailbox began another life. The server may have forgotten the messages before. */
  readonly resets: number;
  /** The reason why the client has ended; undefined if it has not ended. */
  readonly closed: ClosedNotice | undefined;
}

/** Store to which view libraries subscribe. Both methods may be passed on without the object. */
export interface MailboxStore<Data = unknown> {
  /**
   * Calls the listener after each change. The store takes messages while it has a listener.
   * @returns a function that ends the subscription
   */
  readonly subscribe: (listener: () => void) => () => void;
  /** Returns the same object until something changes. */
  readonly getSnapshot: () => MailboxStoreSnapshot<Data>;
}

/** Options of `mailboxStore`. */
export interface MailboxStoreOptions {
  /** Maximum number of messages in a snapshot, at least 1. It has the newest messages. Default 100. */
  readonly limit?: number;
}

/** Snapshot before anything has happened, and on a server that renders pages. */
export const emptySnapshot: MailboxStoreSnapshot<never> = {
  messages: [],
  state: 'connecting',
  lost: 0,
  resets: 0,
  closed: undefined,
};

/**
 * Takes the messages of a mailbox, instead of a loop of the application, and keeps the newest messages for views. The
 * store acknowledges a message when it asks for the next message. By then the message has been in a snapshot. While the
 * store has no listener, messages wait in the mailbox.
 * @throws TypeError unless given the object that `connect` returns, RangeError if `limit` is not a whole number of at least 1
 */
export function mailboxStore<Data>(
  mailbox: MailboxClient<Data>,
  { limit = 100 }: MailboxStoreOptions = {},
): MailboxStore<Data> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`limit must be a whole number of at least 1; got ${limit}`);
  // Callers without types may pass any value, for example the promise of a mailbox.
  if (typeof Object(mailbox).on !== 'function')
    throw new TypeError(`mailbox must be a MailboxClient, as connect returns it; got ${mailbox}`);
  const listeners = new Set<() => void>();
  const { state, closed } = mailbox;
  let snapshot: MailboxStoreSnapshot<Data> = { ...emptySnapshot, state, closed };
  let isTaking = false;

  const change = (changed: Partial<MailboxStoreSnapshot<Data>>): void => {
    snapshot = { ...snapshot, ...changed };
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        // An error of one listener must end neither the loop nor the calls of the others.
        reportLater(error);
      }
    }
  };

  /** @returns whether the client has ended */
  const takeWhileShown = async (): Promise<boolean> => {
    for await (const message of mailbox) {
      // The message is not acknowledged, because the loop is left here. The next loop gets it again.
      if (listeners.size === 0) return false;
      change({ messages: [...snapshot.messages, message].slice(-limit) });
    }
    return true;
  };

  const take = async (): Promise<void> => {
    if (isTaking) return;
    isTaking = true;
    try {
      // A listener may subscribe while a loop that had no listeners ends.
      for (let isOver = false; listeners.size > 0 && !isOver; ) isOver = await takeWhileShown();
    } finally {
      isTaking = false;
    }
  };

  for (const each of ['connecting', 'open', 'waiting', 'away'] as const)
    mailbox.on(each, () => change({ state: each }));
  mailbox.on('closed', (reason) => change({ state: 'closed', closed: reason }));
  mailbox.on('lost', (count) => change({ lost: snapshot.lost + count }));
  mailbox.on('reset', () => change({ resets: snapshot.resets + 1 }));

  return {
    subscribe: (listener) => {
      // Wrap the function, so that two subscriptions of the same function are separate.
      const own = () => listener();
      listeners.add(own);
      take().catch(reportLater);
      return () => {
        listeners.delete(own);
      };
    },
    getSnapshot: () => snapshot,
  };
}

function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
