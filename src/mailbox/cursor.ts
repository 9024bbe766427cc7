import { invalidArgument } from '../errors/session-error.js';

/** A position in a mailbox. A client that sends it as `after` acknowledges everything up to it. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
  /**
   * When the message was accepted that was the newest as this cursor was given, in milliseconds since the Unix epoch. A
   * store that lost its newest messages gives their offsets to other messages, and this tells which ones the client has.
   * Not used at offset 0. Negative for a cursor without proof, which fits no message.
   */
  readonly proof: number;
}

const noProof = -1;

const mostEpoch = 16;
/** At most 15 decimal digits and 10 of base 36 are below 2^53: every number is exact. */
const mostDecimal = 15;
const mostBase36 = 10;

/** The latest proof that was written: messages come many in a millisecond, and base 36 takes longer than all else here. */
let written = { proof: 0, text: '0' };

export function formatCursor(epoch: string, offset: number, proof: number): string {
  if (written.proof !== proof) written = { proof, text: proof.toString(36) };
  return `${epoch}.${offset}.${written.text}`;
}

/**
 * @param name of the argument, for the error
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function parseCursor(text: unknown, name: 'after' | 'cursor' = 'after'): Cursor {
  const cursor = typeof text === 'string' ? cursorOf(text) : undefined;
  if (cursor !== undefined) return cursor;
  const rule = name === 'after' ? 'must be empty or the cursor of a batch' : 'must be the cursor of a batch';
  throw invalidArgument(name, rule, text);
}

/** `<epoch>.<offset>.<proof>`: base 36, decimal, base 36. The proof may be left out. */
function cursorOf(text: string): Cursor | undefined {
  const dot = text.indexOf('.');
  const proofDot = text.indexOf('.', dot + 1);
  const end = proofDot === -1 ? text.length : proofDot;
  if (!isEpoch(text, dot)) return undefined;
  const offset = numberIn(text, dot + 1, end, 10, mostDecimal);
  const proof = proofDot === -1 ? noProof : numberIn(text, proofDot + 1, text.length, 36, mostBase36);
  if (offset === undefined || proof === undefined) return undefined;
  return { epoch: text.slice(0, dot), offset, proof };
}

/** @param end its length, if the text has an end of it at all */
function isEpoch(text: string, end: number): boolean {
  if (end < 1 || end > mostEpoch) return false;
  for (let index = 0; index < end; index += 1) if (digitAt(text, index) > 35) return false;
  return true;
}

/**
 * Digit by digit, as every poll has a cursor: an expression, a part of the text for each number, and the conversions took
 * two thirds more time, and left garbage.
 */
function numberIn(text: string, start: number, end: number, base: 10 | 36, most: number): number | undefined {
  if (start === end || end - start > most) return undefined;
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = digitAt(text, index);
    if (digit >= base) return undefined;
    value = value * base + digit;
  }
  return value;
}

/** The value of a digit of base 36 in lower case; more than 35 for any other character. */
function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 122 ? code - 87 : 36;
}
