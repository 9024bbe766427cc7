import { SessionError } from '../../errors/session-error.js';

export function storeUnavailable(why: string, cause?: unknown): SessionError {
  return new SessionError('STORE_UNAVAILABLE', why, {}, cause === undefined ? undefined : { cause });
}
