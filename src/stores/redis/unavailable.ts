import { SessionError } from '../../errors/session-error.js';

/** What the errors of Redis that refuse writes mean, by their first word. */
const meanings: Readonly<Record<string, string>> = {
  OOM: 'maxmemory is reached',
  MISCONF: 'it can not save to disk',
  READONLY: 'it is a replica',
  NOREPLICAS: 'it has too few replicas',
  LOADING: 'it is starting',
  MASTERDOWN: 'it is a replica without a master',
  UNBLOCKED: 'it became a replica during the call',
};

/** @param why what the server or ioredis said */
export function storeUnavailable(why: string, cause?: unknown): SessionError {
  const [code = ''] = why.split(' ', 1);
  const meaning = Object.hasOwn(meanings, code) ? ` (${meanings[code]})` : '';
  return unavailable(`Redis can't be used${meaning}: ${why}`, cause);
}

/** The same error for a part of the store. */
export function unavailableAt(part: string, error: unknown): SessionError {
  const whole = asUnavailable(error);
  return unavailable(`${whole.message} (${part})`, whole);
}

export function asUnavailable(error: unknown): SessionError {
  if (SessionError.is(error)) return error;
  // ioredis puts the command into the error, with all arguments: hashes, messages, the password of the server.
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
  return storeUnavailable(error instanceof Error ? error.message : String(error), error);
}

function unavailable(text: string, cause: unknown): SessionError {
  return new SessionError('STORE_UNAVAILABLE', text, {}, cause === undefined ? undefined : { cause });
}
