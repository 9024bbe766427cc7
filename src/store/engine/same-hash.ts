import { timingSafeEqual } from 'node:crypto';

/** Length of a SHA-256 as base64url. A text of another length is no hash, and equals none. */
const hashLength = 43;
/** Buffers that each comparison overwrites, so that no comparison allocates memory. */
const expectedBytes = Buffer.alloc(hashLength);
const givenBytes = Buffer.alloc(hashLength);

/**
 * Compares the hashes of two secrets in constant time, so that the time does not reveal how much of a guess was right.
 */
export function isSameHash(expected: string, given: string): boolean {
  // A shorter text would leave bytes of the previous comparison in its buffer, and could match these.
  if (expected.length !== hashLength || given.length !== hashLength) return false;
  expectedBytes.write(expected, 'latin1');
  givenBytes.write(given, 'latin1');
  return timingSafeEqual(expectedBytes, givenBytes);
}
