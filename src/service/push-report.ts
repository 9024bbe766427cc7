import type { SessionContext } from '../context/session-context.js';
import { SessionError, sessionClosed } from '../errors/session-error.js';
import type { SessionEvents } from '../events/session-events.js';
import type { OutgoingMessage } from '../mailbox/message.js';
import { diagnostics, type PushDiagnostics } from '../measures/diagnostics.js';
import type { AppendOutcome } from '../store/session-store.js';

/** What became of a push, counted in mailboxes. */
export interface PushReport {
  /** Mailboxes that keep the message. */
  readonly accepted: number;
  /** Full mailboxes that dropped it (`onOverflow: 'drop-newest'`); their readers will find it counted in `lost`. */
  readonly dropped: number;
  /** Full mailboxes that refused it (`onOverflow: 'reject'` or `'close'`). */
  readonly refused: number;
}

export const emptyReport: PushReport = { accepted: 0, dropped: 0, refused: 0 };

/** Counts what became of a message at these mailboxes, and emits the events that it causes. */
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

/** Tells `node:diagnostics_channel` of a push. @param to the session's id or the account's; `undefined` for the app */
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
 * For a push to one session, whose caller learns by an error that the mailbox was full.
 * @throws SessionError `MAILBOX_FULL`, or `SESSION_CLOSED` where the overflow closed the session
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
