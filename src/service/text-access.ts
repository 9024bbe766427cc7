import { outgoingMessage } from '../mailbox/message.js';
import { requireAttributeKey, requireSessionId } from '../store/session-arguments.js';
import type { AttributePatch } from '../store/session-store.js';
import { runtimeOf } from './app-service.js';
import { type PushOptions, pushMessage } from './push-message.js';
import type { PushReport } from './push-report.js';
import { Session } from './session.js';
import type { SessionManager } from './session-manager.js';

/*
 * For the fronts of this package that already hold JSON texts: what `SessionManager` takes as values, taken as texts,
 * so that a text is neither parsed nor made again. Not methods of the manager, because a mistake is not noticed here: a text
 * that is not JSON would be kept, and break every reader of it. Pass only texts that `JSON.stringify`, `toJsonText` or a
 * store made.
 */

/**
 * `SessionManager.patchSession` with JSON texts.
 * @param patch JSON text by key; `null` deletes. The keys are checked, the texts are not
 * @throws SessionError as `SessionManager.patchSession`
 */
export async function patchTexts(manager: SessionManager, id: string, patch: AttributePatch): Promise<Session> {
  const { store } = runtimeOf(manager);
  for (const key of Object.keys(patch)) requireAttributeKey(key);
  return new Session(manager, await store.patch(manager.app, requireSessionId(id), patch));
}

/**
 * `SessionManager.push` with a JSON text.
 * @param json bounded by `msgMaxBytes`, otherwise not checked
 * @throws SessionError as `SessionManager.push`
 */
export async function pushText(
  manager: SessionManager,
  id: string,
  json: string,
  options: PushOptions = {},
): Promise<PushReport> {
  const runtime = runtimeOf(manager);
  return pushMessage(runtime, manager.app, id, outgoingMessage(json, options.key, runtime.context.msgMaxBytes));
}
