import { timingSafeEqual } from 'node:crypto';

/** Length of a SHA-256 as base64url. A hash of another length matches none. */
const hashLength = 43;
/** Overwritten by each comparison, so that none allocates. */
const expectedBytes = Buffer.alloc(hashLength);
const givenBytes = Buffer.alloc(hashLength);

/** Compares the hashes of two secrets in constant time, so that a wrong guess does not tell how much of it was right. */
export function isSameHash(expected: string, given: string): boolean {
  if (given.length !== hashLength) return false;
  expectedBytes.write(expected, 'latin1');
  givenBytes.write(given, 'latin1');
  return timingSafeEqual(expectedBytes, givenBytes);
}
