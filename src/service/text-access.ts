import { outgoingMessage } from '../mailbox/message.js';
import { isPatchRenewal } from '../store/patch-renewal.js';
import { requireAttributeKey, requireSessionId } from '../store/session-arguments.js';
import type { AttributeTexts } from '../store/session-record.js';
import type { AttributePatch } from '../store/session-store.js';
import { hashOfNoSecret } from '../store/session-token.js';
import { requireOptions } from '../validation/argument-rules.js';
import { runtimeOf } from './app-service.js';
import { insertNamed } from './named-session.js';
import { type CreateOptions, newSession } from './new-session.js';
import { type PushOptions, pushMessage } from './push-message.js';
import type { PushReport } from './push-report.js';
import { reportContact, requireRenewal } from './renewal.js';
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
 * `patchTexts` and `SessionManager.renewSession` at once. Where the store can, in one step; else side by side, in either
 * order.
 * @param ttl new idle time, in milliseconds
 * @returns the session as each step left it
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
 * `SessionManager.createNamedSession` with attributes as JSON texts.
 * @param id what `namedSessionId` returned for this account and a name
 * @param texts kept, and frozen; without a prototype. The keys are checked, the texts are not
 * @throws SessionError as `SessionManager.createNamedSession`
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
  return pushMessage(
    runtime,
    manager.app,
    id,
    outgoingMessage(json, requireOptions(options).key, runtime.context.msgMaxBytes),
  );
}
