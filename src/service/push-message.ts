import type { OutgoingMessage } from '../mailbox/message.js';
import { requireSessionId } from '../store/session-arguments.js';
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

/** Puts a message into the mailbox of one session. @throws SessionError like `SessionManager.push` */
export async function pushMessage(
  { store, context, events }: SessionRuntime,
  app: string,
  id: string,
  message: OutgoingMessage,
): Promise<PushReport> {
  const outcome = await store.append(app, requireSessionId(id), message);
  const report = reportOutcomes(events, message, [outcome]);
  publishPush(app, 'session', id, message, report);
  requireNotRefused(outcome, context);
  return report;
}
