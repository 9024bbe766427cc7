import type { Batch } from '../delivery/batch.js';
import { SessionError } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { alive } from './session-reader.js';

/** Of nobody else: a poll of a reader's own would end the one that a browser may hold just now. */
const reader = 'moving-to-login';

/**
 * Brings messages that the visitor session still has to the session of the account, in order. They leave the old
 * mailbox once they are in the new one: should this process die in between, they may come twice, never not at all.
 */
export async function carryMail(
  visitors: SessionManager,
  visitor: Session,
  logins: SessionManager,
  loginId: string,
): Promise<void> {
  if (visitor.undelivered === 0) return;
  const taken = await alive(take(visitors, visitor.id));
  if (!('batch' in taken)) return;
  try {
    for (const { json, key } of taken.batch.messages) {
      await alive(logins.push(loginId, JSON.parse(json), key === undefined ? {} : { key }));
    }
  } catch (error) {
    // No reason for the login to fail: they stay where they are.
    if (SessionError.is(error, 'MAILBOX_FULL')) return;
    throw error;
  }
  taken.acknowledge?.();
}

interface Taken {
  readonly batch: Batch;
  readonly acknowledge: (() => void) | undefined;
}

function take(visitors: SessionManager, id: string): Promise<Taken> {
  return new Promise((resolve, reject) => {
    const deliver = (batch: Batch, acknowledge: (() => void) | undefined) => resolve({ batch, acknowledge });
    visitors.pollInto(id, { reader, wait: 0 }, { deliver, fail: reject });
  });
}
