import { invalidArgument } from './session-error.js';

/** "I have everything up to here": what a client sends back as `after`. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

/** Fifteen digits stay below 2^53, so that every offset that parses is exact. */
const pattern = /^([0-9a-z]{1,16})\.([0-9]{1,15})$/;

export function formatCursor(epoch: string, offset: number): string {
  return `${epoch}.${offset}`;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function parseCursor(text: unknown): Cursor {
  const match = typeof text === 'string' ? pattern.exec(text) : null;
  if (match?.[1] === undefined || match[2] === undefined) {
    throw invalidArgument('after', 'must be empty or a cursor that a batch gave', text);
  }
  return { epoch: match[1], offset: Number(match[2]) };
}
