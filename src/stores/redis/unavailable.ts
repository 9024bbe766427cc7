import { SessionError, type SessionErrorDetails } from '../../errors/session-error.js';

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

/** What ioredis says of a command that it did not send. */
const unsent: ReadonlySet<string> = new Set([
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
]);

/** The error of calls that were given to the client. It is unsure where the server may have carried them out. */
export function callsFailed(error: unknown): SessionError {
  // The server answers with a ReplyError. All other errors are made on this side: no answer came.
  const isSure = error instanceof Error && (error.name === 'ReplyError' || unsent.has(error.message));
  const whole = asUnavailable(error);
  return isSure ? whole : unavailable(whole.message, whole.cause ?? error, { unsure: true });
}

/** The error of calls that were carried out, and that may be lost if the server fails now. */
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
