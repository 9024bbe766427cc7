import { invalidArgument, type SessionError } from '../errors/session-error.js';
import type { AttributeTexts } from './session-record.js';

/** Maximum number of UTF-8 bytes for one UTF-16 unit of a JavaScript string. */
const mostBytesOfUnit = 3;

/**
 * Refuses attributes of more than `attributesMaxBytes`, unless they take no more bytes than before: if the setting was
 * lowered, callers must still be able to remove attributes one by one.
 *
 * @param most `attributesMaxBytes`
 * @param before the current attributes of the session
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireAttributesWithin(most: number, attributes: AttributeTexts, before?: AttributeTexts): void {
  // Nearly all attributes are far below the limit, so that their bytes need not be counted.
  if (unitsOf(attributes) * mostBytesOfUnit <= most) return;
  const bytes = attributeBytes(attributes);
  if (bytes > most && (before === undefined || bytes > attributeBytes(before))) throw attributesTooLarge(bytes, most);
}

export function attributesTooLarge(bytes: number, most: number): SessionError {
  const rule = `must take at most attributesMaxBytes (${most}) bytes, all keys and JSON texts together`;
  return invalidArgument('attributes', rule, bytes);
}

function unitsOf(attributes: AttributeTexts): number {
  let units = 0;
  for (const [key, text] of Object.entries(attributes)) units += key.length + text.length;
  return units;
}

function attributeBytes(attributes: AttributeTexts): number {
  let bytes = 0;
  for (const [key, text] of Object.entries(attributes)) bytes += Buffer.byteLength(key) + Buffer.byteLength(text);
  return bytes;
}
