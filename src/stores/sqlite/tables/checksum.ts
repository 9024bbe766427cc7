import { crc32 } from 'node:zlib';
import type { SqlValue } from '../driver/database.js';

/** Length from which on native `crc32` is faster than a loop. */
const longText = 200;
/** Distinguishes NULL from zero and from an empty text. */
const nullMark = 0x6e756c6c;

/**
 * Returns a checksum of the values of a row, in this order: a whole number of 32 bits. It is stored with the row, to
 * detect a row whose bytes changed on the disk: SQLite itself detects only damage to the structure of its file. The
 * checksum protects from accidents, not from an attacker who can write to the file.
 */
export function checksumOf(...values: readonly Exclude<SqlValue, Uint8Array>[]): number {
  let sum = 0x811c9dc5;
  for (const value of values) {
    if (typeof value === 'number') sum = withWord(withWord(sum, value | 0), (value / 0x1_0000_0000) | 0);
    else if (value === null) sum = withWord(sum, nullMark);
    else sum = withText(sum, value);
  }
  return (sum ^ (sum >>> 15)) | 0;
}

/** Each word changes all later ones (the multiplier is that of FNV-1a; the rotation carries high bits down). */
function withWord(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x01000193);
  return (product << 13) | (product >>> 19);
}

/** Hashes the length first, so that a character that moves from one value to the next changes the checksum. */
function withText(sum: number, text: string): number {
  const { length } = text;
  let next = withWord(sum, length);
  if (length >= longText) return withWord(next, crc32(text));
  for (let index = 0; index < length; index += 1) next = withWord(next, text.charCodeAt(index));
  return next;
}
