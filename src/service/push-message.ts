import type { OutgoingMessage } from '../mailbox/message.js';
import { requireSessionId } from '../store/session-arguments.js';
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
