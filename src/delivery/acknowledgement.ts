import type { Cursor } from '../mailbox/cursor.js';
import type { SessionStore } from '../store/session-store.js';
import type { Batch } from './batch.js';
import type { Waiter } from './waiter.js';

/**
 * Returns the function that the receiver calls when it has handed a batch over, or `undefined` if none is needed. Only
 * a draining poll or stream needs one: with cursors, the next poll acknowledges the batch, and the client of a stream
 * sends an acknowledgement.
 */
export function acknowledgementOf(store: SessionStore, waiter: Waiter, batch: Batch): (() => void) | undefined {
  if (!waiter.drains || (batch.messages.length === 0 && batch.lost === 0)) return undefined;
  // Copy the position now: the waiter may move on before the receiver calls the function.
  const { app, id, reader, epoch, offset, proof } = waiter;
  return () => void acknowledge(store, app, id, reader, { epoch, offset, proof });
}

/** Never rejects: a server calls it when the answer was written out, and does not wait for it. */
async function acknowledge(store: SessionStore, app: string, id: string, reader: string, place: Cursor): Promise<void> {
  try {
    await store.acknowledge(app, id, reader, place);
  } catch {
    // The store is unavailable. The messages stay in the mailbox and are delivered again.
  }
}

/** Ends the parking of a waiter's reader. */
export async function release(store: SessionStore, { app, id, reader }: Waiter): Promise<void> {
  try {
    await store.release(app, id, reader);
  } catch {
    // The store is unavailable. It releases the reader itself when the wait is over.
  }
}
