import type { OutgoingMessage } from '../mailbox/message.js';
import { requireSessionId } from '../store/session-arguments.js';
import { type PushReport, reportOutcomes, requireNotRefused } from './push-report.js';
import type { SessionRuntime } from './session-runtime.js';

/** How a message is pushed. */
export interface PushOptions {
  /** 1 to 128 characters. The message replaces the undelivered message with the same key. Default: none, nothing is replaced. */
  readonly key?: string;
}

/** Puts a message into the mailbox of one session. @throws SessionError as `SessionManager.push` */
export async function pushMessage(
  { store, context, events }: SessionRuntime,
  app: string,
  id: string,
  message: OutgoingMessage,
): Promise<PushReport> {
  const outcome = await store.append(app, requireSessionId(id), message);
  const report = reportOutcomes(events, [outcome]);
  requireNotRefused(outcome, context);
  return report;
}
