import { timingSafeEqual } from 'node:crypto';

/** Length of a SHA-256 as base64url. A hash of another length matches none. */
const hashLength = 43;
/** Buffers that each comparison overwrites, so that no comparison allocates memory. */
const expectedBytes = Buffer.alloc(hashLength);
const givenBytes = Buffer.alloc(hashLength);

/**
 * Compares the hashes of two secrets in constant time, so that the time does not reveal how much of a guess was right.
 */
export function isSameHash(expected: string, given: string): boolean {
  if (given.length !== hashLength) return false;
  expectedBytes.write(expected, 'latin1');
  givenBytes.write(given, 'latin1');
  return timingSafeEqual(expectedBytes, givenBytes);
}
