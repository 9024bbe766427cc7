import { SessionError } from '../../errors/session-error.js';

/** @param why in the words of the server or the client library */
export function storeUnavailable(why: string, cause?: unknown): SessionError {
  const hint = why.startsWith('OOM') ? ' (maxmemory is reached)' : '';
  const text = `Redis can't be used${hint}: ${why}`;
  return new SessionError('STORE_UNAVAILABLE', text, {}, cause === undefined ? undefined : { cause });
}

export function asUnavailable(error: unknown): SessionError {
  if (SessionError.is(error)) return error;
  // The library hangs the command on it, with all arguments: hashes, messages, the password for the server.
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
  return storeUnavailable(error instanceof Error ? error.message : String(error), error);
}
