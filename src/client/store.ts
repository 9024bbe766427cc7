import type { Mailbox } from './mailbox.js';
import type { MailboxState } from './news.js';
import type { Closed, Message } from './wire.js';

/** What a view shows of a mailbox. Never changed: every change makes another one. */
export interface MailboxSnapshot<Data = unknown> {
  /** The newest messages, oldest first. */
  readonly messages: readonly Message<Data>[];
  readonly state: MailboxState;
  /** How many messages bounds of the mailbox have dropped, in all. */
  readonly lost: number;
  /** How often the mailbox began another life: the messages before may be forgotten at the server. */
  readonly resets: number;
  /** Why the mailbox is closed; undefined while it is not. */
  readonly closed: Closed | undefined;
}

/** What libraries of views subscribe to. Both methods may be passed on by themselves. */
export interface MailboxStore<Data = unknown> {
  /**
   * Calls the listener after each change. The store takes messages while it has a listener.
   * @returns ends the subscription
   */
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object until something changes. */
  readonly getSnapshot: () => MailboxSnapshot<Data>;
}

/** Options of `mailboxStore`. */
export interface MailboxStoreOptions {
  /** How many of the newest messages a snapshot has, at least 1. Default 100. */
  readonly limit?: number;
}

/** What there is to show before anything has happened, and on a server that renders pages. */
export const emptySnapshot: MailboxSnapshot<never> = {
  messages: [],
  state: 'connecting',
  lost: 0,
  resets: 0,
  closed: undefined,
};

/**
 * Takes the messages of a mailbox, in place of a loop of the application, and keeps the newest ones for views. A message
 * that was in a snapshot is acknowledged when the next one is asked for. Messages that come while there is no listener wait.
 * @throws RangeError if `limit` is not a whole number of at least 1
 */
export function mailboxStore<Data>(
  mailbox: Mailbox<Data>,
  { limit = 100 }: MailboxStoreOptions = {},
): MailboxStore<Data> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`limit must be a whole number of at least 1; got ${limit}`);
  const listeners = new Set<() => void>();
  const { state, closed } = mailbox;
  let snapshot: MailboxSnapshot<Data> = { ...emptySnapshot, state, closed };
  let isTaking = false;

  const change = (changed: Partial<MailboxSnapshot<Data>>): void => {
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

  /** @returns whether the mailbox has no more to give */
  const takeWhileShown = async (): Promise<boolean> => {
    for await (const message of mailbox) {
      // A loop that is left here leaves the message to the next loop, unacknowledged.
      if (listeners.size === 0) return false;
      change({ messages: [...snapshot.messages, message].slice(-limit) });
    }
    return true;
  };

  const take = async (): Promise<void> => {
    if (isTaking) return;
    isTaking = true;
    try {
      // A listener may come while a loop ends that was left without one.
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
      // Two subscriptions of one function are two.
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
