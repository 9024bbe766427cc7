import type { Closed } from './wire.js';

/** Why a client does not connect at the moment. */
export interface Pause {
  /** Milliseconds until it tries again. */
  readonly delay: number;
  /** An error, or the server's notice. */
  readonly cause: unknown;
}

/**
 * - `connecting`: asks the server, which has not answered yet.
 * - `open`: the server answers.
 * - `waiting`: pauses until it tries again.
 * - `away`: as `waiting`, and the device says that it has no network.
 * - `closed`: has ended for good.
 */
export type MailboxState = 'connecting' | 'open' | 'waiting' | 'away' | 'closed';

/** What the listeners of each event get. */
export interface MailboxEvents {
  connecting: undefined;
  open: undefined;
  waiting: Pause;
  away: Pause;
  closed: Closed;
  /** So many messages before the next one were dropped by a bound of the mailbox. */
  lost: number;
  /** The mailbox has another life: the application may have messages that the server has forgotten. */
  reset: undefined;
}

/** Calls the listeners of an event. */
export type Tell = <Event extends keyof MailboxEvents>(event: Event, news: MailboxEvents[Event]) => void;
