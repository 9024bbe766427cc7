import { requireAccountId, requireSessionName } from '../store/session-arguments.js';
import type { NewSession } from '../store/session-record.js';
import type { OnceInsertion } from '../store/session-store.js';
import { idOf } from '../store/session-token.js';
import { reportInsertion } from './new-session.js';
import { reportLimit } from './session-quota.js';
import type { SessionRuntime } from './session-runtime.js';

/**
 * Returns the id that the account's session of this name has, or would have.
 * @throws SessionError `INVALID_ARGUMENT`, `STOPPED`
 */
export function namedIdOf({ store }: SessionRuntime, app: string, accountId: string, name: string): string {
  const prefix = store.idPrefix(app, requireAccountId(accountId));
  // Different names never give the same text: neither app nor account can contain the separator.
  return idOf(prefix, `${app}\n${accountId}\n${requireSessionName(name)}`);
}

/** Inserts the session, unless there is already a session with its id, and emits the events. */
export async function insertNamed(runtime: SessionRuntime, session: NewSession): Promise<OnceInsertion> {
  const insertion = await reportLimit(runtime, session, runtime.store.insertOnce(session));
  if (insertion.inserted) reportInsertion(runtime.events, insertion);
  return insertion;
}
