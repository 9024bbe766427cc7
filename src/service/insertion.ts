import { SessionError } from '../errors/session-error.js';
import type { ClosedSession, NewSession } from '../store/session-record.js';
import type { Insertion } from '../store/session-store.js';
import { reportInsertion } from './new-session.js';
import type { SessionRuntime } from './session-runtime.js';

const noneEvicted: readonly ClosedSession[] = [];

/**
 * Awaits an insertion and emits its events: the limit that it met, the sessions evicted for it, the session created.
 * @param insertion the store's answer for this session
 * @throws what the store throws
 */
export async function awaitInsertion<Result extends Insertion>(
  runtime: SessionRuntime,
  session: NewSession,
  insertion: Promise<Result>,
): Promise<Result> {
  let inserted: Result;
  try {
    inserted = await insertion;
  } catch (error) {
    if (SessionError.is(error, 'SESSION_LIMIT')) reportLimit(runtime, session, 'refused', noneEvicted);
    throw error;
  }
  // `insertOnce` found the session: nothing was created.
  if ('inserted' in inserted && !inserted.inserted) return inserted;
  if (inserted.evicted.length > 0) reportLimit(runtime, session, 'evicted', inserted.evicted);
  reportInsertion(runtime.events, inserted);
  return inserted;
}

function reportLimit(
  { events, context }: SessionRuntime,
  { app, id, accountId, maxSession }: NewSession,
  verdict: 'refused' | 'evicted',
  evicted: readonly ClosedSession[],
): void {
  events.emit('limit', { app, id, accountId, maxSession, onMaxSession: context.onMaxSession, verdict, evicted });
}
