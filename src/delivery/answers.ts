import type { SessionContext } from '../context/session-context.js';
import type { Message } from '../mailbox/message.js';
import type { ReadResult } from '../store/session-store.js';
import type { Batch } from './batch.js';
import type { Waiter } from './waiter.js';

const noMessages: readonly Message[] = [];

/** Leaves the client where it is. */
export function emptyBatch(waiter: Waiter): Batch {
  return { messages: noMessages, cursor: waiter.cursor, lost: 0 };
}

export function supersededBatch(waiter: Waiter): Batch {
  return { ...emptyBatch(waiter), superseded: true };
}

/** Sends the client away without having held its poll, or not to the end. */
export function retryBatch(waiter: Waiter, context: SessionContext): Batch {
  return { ...emptyBatch(waiter), retry: retryTime(context) };
}

/** For a poll that was not read. @param after as the client sent it, so that the client stays where it is */
export function unreadBatch(after: string | undefined, context: SessionContext): Batch {
  return { messages: noMessages, cursor: after ?? '', lost: 0, retry: retryTime(context) };
}

/** What a read found. A client that found neither messages nor room for its poll is told when to retry. */
export function readBatch(waiter: Waiter, { messages, lost, reset }: ReadResult, context: SessionContext): Batch {
  const batch: Batch = { messages, cursor: waiter.cursor, lost };
  const isTurnedAway = waiter.isTurnedAway && messages.length === 0;
  if (!reset && !isTurnedAway) return batch;
  return { ...batch, ...(reset && { reset }), ...(isTurnedAway && { retry: retryTime(context) }) };
}

/** In milliseconds: no settings send a client away for longer. */
const mostRetry = 60_000;

/** In milliseconds. Random, so that clients that were sent away together don't come back together. */
function retryTime({ hbTime, drainTime }: SessionContext): number {
  const least = Math.min(hbTime, mostRetry) / 2;
  const spread = Math.min(Math.max(hbTime, drainTime), mostRetry - least);
  return Math.round(least + Math.random() * spread);
}
