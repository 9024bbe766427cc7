import { SessionError, type SessionErrorDetails } from '../../errors/session-error.js';

/** Explanations of the errors with which Redis refuses writes, by the first word of the error. */
const meanings: Readonly<Record<string, string>> = {
  OOM: 'maxmemory is reached',
  MISCONF: 'it can not save to disk',
  READONLY: 'it is a replica',
  NOREPLICAS: 'it has too few replicas',
  LOADING: 'it is starting',
  MASTERDOWN: 'it is a replica without a master',
  UNBLOCKED: 'it became a replica during the call',
};

/** @param why the message of the server or of ioredis */
export function storeUnavailable(why: string, cause?: unknown): SessionError {
  const [code = ''] = why.split(' ', 1);
  const meaning = Object.hasOwn(meanings, code) ? ` (${meanings[code]})` : '';
  return unavailable(`Redis can't be used${meaning}: ${why}`, cause);
}

/** Returns the same error for a part of the store. */
export function unavailableAt(part: string, error: unknown): SessionError {
  const whole = asUnavailable(error);
  return unavailable(`${whole.message} (${part})`, whole);
}

export function asUnavailable(error: unknown): SessionError {
  if (SessionError.is(error)) return error;
  // ioredis stores the command in the error, with all arguments: hashes, messages, the password of the server.
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
  return storeUnavailable(error instanceof Error ? error.message : String(error), error);
}

/** Messages of the errors with which ioredis rejects a command that it did not send. */
const unsent: ReadonlySet<string> = new Set([
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
]);

/** Returns the error for calls that were passed to the client. It is unsure if the server may have carried them out. */
export function callsFailed(error: unknown): SessionError {
  // A ReplyError is an answer of the server. All other errors come from the client, which got no answer.
  const isSure = error instanceof Error && (error.name === 'ReplyError' || unsent.has(error.message));
  const whole = asUnavailable(error);
  return isSure ? whole : unavailable(whole.message, whole.cause ?? error, { unsure: true });
}

/** Returns the error for calls that the server carried out, but that may be lost if it fails now. */
export function replicasMissing(
  why: string,
  replicas: { needed: number; reached: number },
  cause?: unknown,
): SessionError {
  return unavailable(`Redis carried the call out, but it may be lost: ${why}`, cause, { unsure: true, replicas });
}

type Details = SessionErrorDetails['STORE_UNAVAILABLE'];

function unavailable(text: string, cause: unknown, details: Details = {}): SessionError {
  return new SessionError('STORE_UNAVAILABLE', text, details, cause === undefined ? undefined : { cause });
}
