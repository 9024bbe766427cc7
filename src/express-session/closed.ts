import type { CloseReason } from '../errors/close-reason.js';
import { SessionError } from '../errors/session-error.js';

/** Result of an operation on a session that is not live. */
export class Closed {
  /** `undefined` if the store no longer knows the reason. */
  readonly reason: CloseReason | undefined;

  constructor(reason: CloseReason | undefined) {
    this.reason = reason;
  }
}

/** Whether the error says that the attributes of a session would have exceeded `attributesMaxBytes`. */
export function isTooLarge(error: unknown): boolean {
  return SessionError.is(error, 'INVALID_ARGUMENT') && error.details.argument === 'attributes';
}

/**
 * Resolves with the result of the operation, or with `Closed` if its session is not live. Rejects with other errors.
 */
export async function orClosed<Result>(operation: Promise<Result>): Promise<Result | Closed> {
  try {
    return await operation;
  } catch (error) {
    if (SessionError.is(error, 'SESSION_CLOSED')) return new Closed(error.details.reason);
    if (SessionError.is(error, 'SESSION_UNKNOWN')) return new Closed(undefined);
    throw error;
  }
}
