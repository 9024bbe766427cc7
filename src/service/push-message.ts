import type { OutgoingMessage } from '../mailbox/message.js';
import type { AppendOutcome } from '../store/session-store.js';
import { type OptionNames, requireOptions } from '../validation/argument-rules.js';
import { type PushReport, publishPush, reportOutcomes, requireNotRefused } from './push-report.js';
import type { SessionRuntime } from './session-runtime.js';

/** Options of a push. */
export interface PushOptions {
  /**
   * 1 to 128 characters. The message replaces the undelivered message with the same key. Default: no key, and no
   * message is replaced.
   */
  readonly key?: string;
}

const optionNames: OptionNames<PushOptions> = { key: true };

/** Returns the unchecked key of the message. @throws SessionError `INVALID_ARGUMENT` for other options */
export function messageKeyOf(options: PushOptions): string | undefined {
  return requireOptions(options, optionNames).key;
}

/**
 * Counts a push to one session, and publishes it. The callers await the store themselves: a push through one more async
 * function would cost two more promises.
 * @throws SessionError like `SessionManager.push` when the mailbox refused the message
 */
export function reportPush(
  { context, events }: SessionRuntime,
  message: OutgoingMessage,
  outcome: AppendOutcome,
): PushReport {
  const report = reportOutcomes(events, message, [outcome]);
  publishPush(outcome.app, 'session', outcome.id, message, report);
  requireNotRefused(outcome, context);
  return report;
}
