import { invalidArgument } from '../errors/session-error.js';

/** A position in a mailbox. A client that sends it as `after` acknowledges everything up to it. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

/** At most 15 digits, which is below 2^53: every offset that matches is an exact number. */
const pattern = /^[0-9a-z]{1,16}\.[0-9]{1,15}$/;

export function formatCursor(epoch: string, offset: number): string {
  return `${epoch}.${offset}`;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function parseCursor(text: unknown): Cursor {
  if (typeof text !== 'string' || !pattern.test(text)) {
    throw invalidArgument('after', 'must be empty or the cursor of a batch', text);
  }
  const dot = text.indexOf('.');
  return { epoch: text.slice(0, dot), offset: Number(text.slice(dot + 1)) };
}
