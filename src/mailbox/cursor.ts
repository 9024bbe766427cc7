import { invalidArgument } from '../errors/session-error.js';

/** A position in a mailbox. A client that sends it as `after` acknowledges everything up to it. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
  /**
   * Time at which the mailbox accepted its newest message, as of the moment when it gave this cursor, in milliseconds
   * since the Unix epoch. A store that lost its newest messages gives their offsets to other messages; the proof shows
   * which of the two the client has. Not used at offset 0. Negative for a cursor without proof, which fits no message.
   */
  readonly proof: number;
}

const noProof = -1;

const mostEpoch = 16;
/**
 * Maximum number of digits. 15 decimal digits and 10 digits of base 36 stay below 2^53, so that every number is exact.
 */
const mostDecimal = 15;
const mostBase36 = 10;

/** The latest proof and its text: many messages share a millisecond, and base 36 is the most expensive step here. */
let written = { proof: 0, text: '0' };

export function formatCursor(epoch: string, offset: number, proof: number): string {
  if (written.proof !== proof) written = { proof, text: proof.toString(36) };
  return `${epoch}.${offset}.${written.text}`;
}

/**
 * @param name name of the argument, for the error
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function parseCursor(text: unknown, name: 'after' | 'cursor' = 'after'): Cursor {
  const cursor = typeof text === 'string' ? cursorOf(text) : undefined;
  if (cursor !== undefined) return cursor;
  const rule = name === 'after' ? 'must be empty or the cursor of a batch' : 'must be the cursor of a batch';
  throw invalidArgument(name, rule, text);
}

/** Parses `<epoch>.<offset>.<proof>`: base 36, decimal, base 36. The proof is optional. */
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

/** Whether the text begins with an epoch. @param end length of the epoch; -1 if no dot follows it */
function isEpoch(text: string, end: number): boolean {
  if (end < 1 || end > mostEpoch) return false;
  for (let index = 0; index < end; index += 1) if (digitAt(text, index) > 35) return false;
  return true;
}

/**
 * Parses digit by digit, because every poll has a cursor: a regular expression with a substring and a conversion for
 * each number took two thirds more time, and left garbage.
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

/** Returns the value of a digit of base 36 in lower case; more than 35 for any other character. */
function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 122 ? code - 87 : 36;
}
