import type { Batch } from '../delivery/batch.js';
import { SessionError } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { pushText } from '../service/text-access.js';
import { orClosed } from './closed.js';

/** Separate reader for the move. A poll with the reader of a browser would end the browser's poll. */
const reader = 'moving-to-login';

/**
 * Moves the undelivered messages of the visitor session to the login session, in order. Acknowledges them in the old
 * mailbox only after they are in the new mailbox. If this process dies in between, messages may arrive twice, but none
 * is lost.
 */
export async function moveMessages(
  visitors: SessionManager,
  visitor: Session,
  logins: SessionManager,
  loginId: string,
): Promise<void> {
  if (visitor.undelivered === 0) return;
  const taken = await orClosed(take(visitors, visitor.id));
  if (!('batch' in taken)) return;
  try {
    for (const { json, key } of taken.batch.messages) {
      await orClosed(pushText(logins, loginId, json, key === undefined ? {} : { key }));
    }
  } catch (error) {
    // The login succeeds nevertheless. The messages stay in the visitor's mailbox.
    if (SessionError.is(error, 'MAILBOX_FULL')) return;
    throw error;
  }
  taken.acknowledge?.();
}

interface TakenBatch {
  readonly batch: Batch;
  readonly acknowledge: (() => void) | undefined;
}

function take(visitors: SessionManager, id: string): Promise<TakenBatch> {
  return new Promise((resolve, reject) => {
    const deliver = (batch: Batch, acknowledge: (() => void) | undefined) => resolve({ batch, acknowledge });
    visitors.pollInto(id, { reader, wait: 0 }, { deliver, fail: reject });
  });
}
