import type { CloseReason } from '../../../errors/close-reason.js';
import type { Refusal } from '../wire.js';

/** An operation that was refused before it changed anything. Cheaper than an Error: nobody looks at where it came from. */
export class Refused {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    this.refusal = refusal;
  }
}

export const unknownSession = new Refused(['SESSION_UNKNOWN']);

export function closedSession(reason: CloseReason): Refused {
  return new Refused(['SESSION_CLOSED', reason]);
}
