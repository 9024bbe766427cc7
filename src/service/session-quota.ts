import { SessionError } from '../errors/session-error.js';
import type { ClosedSession, NewSession } from '../store/session-record.js';
import type { Insertion } from '../store/session-store.js';
import type { SessionRuntime } from './session-runtime.js';

const noneEvicted: readonly ClosedSession[] = [];

/**
 * Emits `limit` if the account of this session was at its limit.
 * @param insertion the result of the store for this session
 * @returns the same result
 * @throws the error of the store
 */
export async function reportLimit<Result extends Insertion>(
  runtime: SessionRuntime,
  session: NewSession,
  insertion: Promise<Result>,
): Promise<Result> {
  try {
    const inserted = await insertion;
    if (inserted.evicted.length > 0) emitLimit(runtime, session, 'evicted', inserted.evicted);
    return inserted;
  } catch (error) {
    if (SessionError.is(error, 'SESSION_LIMIT')) emitLimit(runtime, session, 'refused', noneEvicted);
    throw error;
  }
}

function emitLimit(
  { events, context }: SessionRuntime,
  { app, id, accountId, maxSession }: NewSession,
  verdict: 'refused' | 'evicted',
  evicted: readonly ClosedSession[],
): void {
  events.emit('limit', { app, id, accountId, maxSession, onMaxSession: context.onMaxSession, verdict, evicted });
}
