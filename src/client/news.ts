import type { ClosedNotice } from './wire.js';

/** Pause of a client before it tries again. */
export interface Pause {
  /** Duration in milliseconds. */
  readonly delay: number;
  /** An error, or the `closed` notice of the server, if it sent one. */
  readonly cause: unknown;
}

/**
 * - `connecting`: the client has asked the server, which has not answered yet.
 * - `open`: the server answers.
 * - `waiting`: the client pauses before it tries again.
 * - `away`: like `waiting`, and the device reports that it has no network.
 * - `closed`: the client has ended for good.
 */
export type MailboxState = 'connecting' | 'open' | 'waiting' | 'away' | 'closed';

/** Payload of each event. */
export interface MailboxEvents {
  connecting: undefined;
  open: undefined;
  waiting: Pause;
  away: Pause;
  closed: ClosedNotice;
  /** Number of messages before the next message that a bound of the mailbox has dropped. */
  lost: number;
  /** The mailbox began another life: the application may have messages that the server has forgotten. */
  reset: undefined;
}

/** Calls the listeners of an event. */
export type Tell = <Event extends keyof MailboxEvents>(event: Event, news: MailboxEvents[Event]) => void;
