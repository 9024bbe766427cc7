import { outgoingMessage } from '../mailbox/message.js';
import { isPatchRenewal } from '../store/patch-renewal.js';
import { requireAttributeKey, requireSessionId } from '../store/session-arguments.js';
import type { AttributeTexts } from '../store/session-record.js';
import type { AttributePatch } from '../store/session-store.js';
import { hashOfNoSecret } from '../store/session-token.js';
import { runtimeOf } from './app-service.js';
import { insertNamed } from './named-session.js';
import { type CreateOptions, newSession } from './new-session.js';
import { messageKeyOf, type PushOptions, reportPush } from './push-message.js';
import type { PushReport } from './push-report.js';
import { reportContact, requireRenewal } from './renewal.js';
import { Session } from './session.js';
import type { SessionManager } from './session-manager.js';

/*
 * Variants of methods of `SessionManager` for the fronts of this package that already hold JSON texts. They accept
 * texts instead of values, so that a text is neither parsed nor serialised again. They are not methods of the manager,
 * because they do not notice mistakes: a text that is not JSON would be kept, and break every reader of it. Pass only
 * texts from `JSON.stringify`, `toJsonText` or a store.
 */

/**
 * Like `SessionManager.patchSession`, with JSON texts.
 * @param patch JSON text by key; `null` deletes. The keys are checked, the texts are not
 * @throws SessionError like `SessionManager.patchSession`
 */
export async function patchTexts(manager: SessionManager, id: string, patch: AttributePatch): Promise<Session> {
  const { store } = runtimeOf(manager);
  for (const key of Object.keys(patch)) requireAttributeKey(key);
  return new Session(manager, await store.patch(manager.app, requireSessionId(id), patch));
}

/**
 * Does the work of `patchTexts` and `SessionManager.renewSession`: in one step if the store can do so, otherwise in two
 * concurrent steps, in either order.
 * @param ttl new idle time, in milliseconds
 * @returns the session after each step
 */
export async function patchAndRenew(
  manager: SessionManager,
  id: string,
  patch: AttributePatch,
  ttl: number,
): Promise<readonly Session[]> {
  const { store, events } = runtimeOf(manager);
  if (!isPatchRenewal(store)) return Promise.all([patchTexts(manager, id, patch), manager.renewSession(id, { ttl })]);
  for (const key of Object.keys(patch)) requireAttributeKey(key);
  const contact = await store.patchAndRenew(manager.app, requireSessionId(id), patch, requireRenewal({ ttl }));
  reportContact(events, contact);
  return [new Session(manager, contact.record)];
}

/**
 * Like `SessionManager.createNamedSession`, with attributes as JSON texts.
 * @param id the result of `namedSessionId` for this account and a name
 * @param texts an object without a prototype, which is kept and frozen. The keys are checked, the texts are not
 * @throws SessionError like `SessionManager.createNamedSession`
 */
export async function createNamedOfTexts(
  manager: SessionManager,
  accountId: string,
  id: string,
  texts: AttributeTexts,
  options: Omit<CreateOptions, 'attributes'>,
): Promise<{ readonly session: Session; readonly created: boolean }> {
  const runtime = runtimeOf(manager);
  for (const key of Object.keys(texts)) requireAttributeKey(key);
  const identity = { app: manager.app, id, accountId, secretHash: hashOfNoSecret() };
  const session = newSession(identity, options, runtime.context, Object.freeze(texts));
  const { record, inserted } = await insertNamed(runtime, session);
  return { session: new Session(manager, record), created: inserted };
}

/**
 * Like `SessionManager.push`, with a JSON text.
 * @param json checked only for `msgMaxBytes`
 * @throws SessionError like `SessionManager.push`
 */
export async function pushText(
  manager: SessionManager,
  id: string,
  json: string,
  options: PushOptions = {},
): Promise<PushReport> {
  const runtime = runtimeOf(manager);
  const message = outgoingMessage(json, messageKeyOf(options), runtime.context.msgMaxBytes);
  return reportPush(runtime, message, await runtime.store.append(manager.app, requireSessionId(id), message));
}
