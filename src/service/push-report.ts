import type { SessionEvents } from '../events/session-events.js';
import type { OutgoingMessage } from '../mailbox/message.js';
import type { AppendOutcome } from '../store/session-store.js';

/** What became of a push, counted in mailboxes. */
export interface PushReport {
  /** Mailboxes that hold the message. */
  readonly accepted: number;
  /** Mailboxes that were full and dropped it, by `drop-newest`; their readers will find it among the lost. */
  readonly dropped: number;
  /** Mailboxes that were full and refused it, by `reject` or `close`. */
  readonly refused: number;
}

/** Pushes one message to every session of an app. */
export abstract class FanOut {
  /** Resolves when every mailbox has been served: awaiting it is the back-pressure. */
  abstract pushToApp(app: string, message: OutgoingMessage): Promise<PushReport>;

  abstract stop(): Promise<void>;
}

/** Counts outcomes, and tells of what happened on the way. */
export function reportOutcomes(events: SessionEvents, outcomes: readonly AppendOutcome[]): PushReport {
  let accepted = 0;
  let dropped = 0;
  for (const outcome of outcomes) {
    if (outcome.verdict === 'accepted') accepted += 1;
    else if (outcome.verdict === 'dropped') dropped += 1;
    if (outcome.verdict !== 'accepted' || outcome.dropped > 0) reportOverflow(events, outcome);
  }
  return { accepted, dropped, refused: outcomes.length - accepted - dropped };
}

function reportOverflow(events: SessionEvents, outcome: AppendOutcome): void {
  events.emit('overflow', outcome);
  if (outcome.verdict !== 'close') return;
  const { app, id, accountId, undelivered } = outcome;
  events.emit('closed', { app, id, accountId, reason: 'overflow', undelivered });
}

export function addReports(one: PushReport, other: PushReport): PushReport {
  return {
    accepted: one.accepted + other.accepted,
    dropped: one.dropped + other.dropped,
    refused: one.refused + other.refused,
  };
}

export const emptyReport: PushReport = { accepted: 0, dropped: 0, refused: 0 };
