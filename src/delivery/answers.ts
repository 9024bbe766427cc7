import type { SessionContext } from '../context/session-context.js';
import type { Message } from '../mailbox/message.js';
import type { ReadResult } from '../store/session-store.js';
import type { Batch } from './batch.js';
import type { Waiter } from './waiter.js';

const noMessages: readonly Message[] = [];

/** Returns a batch that leaves the client at its position. */
export function emptyBatch(waiter: Waiter): Batch {
  return { messages: noMessages, cursor: waiter.cursor, lost: 0 };
}

export function supersededBatch(waiter: Waiter): Batch {
  return { ...emptyBatch(waiter), superseded: true };
}

/** Returns a batch for a client whose poll was not held, or not until the end of its wait. */
export function retryBatch(waiter: Waiter, context: SessionContext): Batch {
  return { ...emptyBatch(waiter), retry: retryTime(context) };
}

/**
 * Returns a batch for a poll without a read.
 * @param after as the client sent it, so that the client keeps its position
 */
export function unreadBatch(after: string | undefined, context: SessionContext): Batch {
  return { messages: noMessages, cursor: after ?? '', lost: 0, retry: retryTime(context) };
}

/**
 * Returns the batch of a read. If there were no messages and no room to hold the poll, the batch contains a retry time.
 */
export function readBatch(waiter: Waiter, { messages, lost, reset }: ReadResult, context: SessionContext): Batch {
  const batch: Batch = { messages, cursor: waiter.cursor, lost };
  const isTurnedAway = waiter.isTurnedAway && messages.length === 0;
  if (!reset && !isTurnedAway) return batch;
  return { ...batch, ...(reset && { reset }), ...(isTurnedAway && { retry: retryTime(context) }) };
}

/** Longest retry time under any settings, in milliseconds. */
const mostRetry = 60_000;

/** Returns milliseconds. Random, so that clients that were sent away together don't come back together. */
function retryTime({ hbTime, drainTime }: SessionContext): number {
  const least = Math.min(hbTime, mostRetry) / 2;
  const spread = Math.min(Math.max(hbTime, drainTime), mostRetry - least);
  return Math.round(least + Math.random() * spread);
}
