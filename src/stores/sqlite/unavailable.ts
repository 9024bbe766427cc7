import { SessionError } from '../../errors/session-error.js';
import { resultCodes, SqliteFault } from './driver/sqlite-fault.js';

/** @param why completes the sentence "The SQLite store in … can't be used: …" */
export function storeUnavailable(path: string, why: string, cause?: unknown): SessionError {
  const text = `The SQLite store in ${path} can't be used: ${why}`;
  return new SessionError('STORE_UNAVAILABLE', text, {}, cause === undefined ? undefined : { cause });
}

/** Converts any error of a step to the `SessionError` that the caller gets. */
export function asUnavailable(path: string, error: unknown): SessionError {
  if (SessionError.is(error)) return error;
  return storeUnavailable(path, explain(error), error);
}

/** Explains to the operator what is wrong and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof SqliteFault)) return error.message;
  const advice = adviceByCode[error.code];
  return advice === undefined ? error.message : `${advice} (${error.message})`;
}

const adviceByCode: Readonly<Record<number, string>> = {
  [resultCodes.busy]: 'another process holds the lock of the database and does not release it',
  [resultCodes.locked]: 'another process holds the lock of the database and does not release it',
  [resultCodes.readOnly]: 'the file or its directory is read-only',
  [resultCodes.ioError]: 'the disk reported an error',
  [resultCodes.corrupt]: 'the file is damaged; stop all processes that use it, then restore a backup or move it away',
  [resultCodes.full]: 'the disk is full',
  [resultCodes.cannotOpen]:
    'the file or its directory is missing or read-only, or its permissions do not allow its use',
  [resultCodes.notADatabase]: 'the file is damaged or is no SQLite database; restore a backup or move it away',
};
