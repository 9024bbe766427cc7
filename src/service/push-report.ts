import type { SessionContext } from '../context/session-context.js';
import { SessionError, sessionClosed } from '../errors/session-error.js';
import type { SessionEvents } from '../events/session-events.js';
import type { OutgoingMessage } from '../mailbox/message.js';
import { diagnostics, type PushDiagnostics } from '../measures/diagnostics.js';
import type { AppendOutcome } from '../store/session-store.js';

/** Result of a push, counted in mailboxes. */
export interface PushReport {
  /** Number of mailboxes that keep the message. */
  readonly accepted: number;
  /**
   * Number of full mailboxes that dropped the message (`onOverflow: 'drop-newest'`). Their readers find it in `lost`.
   */
  readonly dropped: number;
  /** Number of full mailboxes that refused the message (`onOverflow: 'reject'` or `'close'`). */
  readonly refused: number;
}

export const emptyReport: PushReport = { accepted: 0, dropped: 0, refused: 0 };

/** Counts the outcomes of a message at these mailboxes, and emits their events. */
export function reportOutcomes(
  events: SessionEvents,
  message: OutgoingMessage,
  outcomes: readonly AppendOutcome[],
): PushReport {
  const { measures } = events;
  let accepted = 0;
  let dropped = 0;
  for (const outcome of outcomes) {
    if (outcome.verdict === 'accepted') {
      accepted += 1;
      measures.displaced += outcome.dropped;
    } else if (outcome.verdict === 'dropped') {
      dropped += 1;
    }
    if (outcome.verdict !== 'accepted' || outcome.dropped > 0) emitOverflow(events, outcome);
  }
  const refused = outcomes.length - accepted - dropped;
  measures.pushed.add('accepted', accepted);
  measures.pushed.add('dropped', dropped);
  measures.pushed.add('refused', refused);
  measures.pushedBytes += accepted * message.bytes;
  return { accepted, dropped, refused };
}

/**
 * Publishes a push in `node:diagnostics_channel`.
 * @param to the id of the session or account; `undefined` for the app
 */
export function publishPush(
  app: string,
  target: PushDiagnostics['target'],
  to: string | undefined,
  { key, bytes }: OutgoingMessage,
  { accepted, dropped, refused }: PushReport,
): void {
  if (!diagnostics.push.isHeard) return;
  diagnostics.push.publish({ app, target, to, key, bytes, accepted, dropped, refused });
}

function emitOverflow(events: SessionEvents, outcome: AppendOutcome): void {
  events.emit('overflow', outcome);
  if (outcome.verdict !== 'close') return;
  const { app, id, accountId, undelivered } = outcome;
  events.emit('closed', { app, id, accountId, reason: 'overflow', undelivered });
}

/**
 * Throws if the mailbox refused a message. For a push to one session, whose caller gets an error for a full mailbox.
 * @throws SessionError `MAILBOX_FULL`, or `SESSION_CLOSED` if the overflow closed the session
 */
export function requireNotRefused({ verdict, id }: AppendOutcome, context: SessionContext): void {
  if (verdict === 'close') throw sessionClosed('overflow');
  if (verdict !== 'full') return;
  const { msgMaxLength, mailboxMaxBytes } = context;
  const bounds = `msgMaxLength (${msgMaxLength}) messages or mailboxMaxBytes (${mailboxMaxBytes}) bytes`;
  throw new SessionError('MAILBOX_FULL', `The mailbox of session ${id} is full: it keeps ${bounds}`, { id });
}

export function addReports(one: PushReport, other: PushReport): PushReport {
  return {
    accepted: one.accepted + other.accepted,
    dropped: one.dropped + other.dropped,
    refused: one.refused + other.refused,
  };
}
