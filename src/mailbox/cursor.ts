import { invalidArgument } from '../errors/session-error.js';

/** "I have everything up to here": what a client sends back as `after`. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

/** Fifteen digits stay below 2^53, so that every offset that parses is exact. */
const pattern = /^[0-9a-z]{1,16}\.[0-9]{1,15}$/;

export function formatCursor(epoch: string, offset: number): string {
  return `${epoch}.${offset}`;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function parseCursor(text: unknown): Cursor {
  if (typeof text !== 'string' || !pattern.test(text)) {
    throw invalidArgument('after', 'must be empty or a cursor that a batch gave', text);
  }
  const dot = text.indexOf('.');
  return { epoch: text.slice(0, dot), offset: Number(text.slice(dot + 1)) };
}
