import { invalidArgument } from '../errors/session-error.js';
import { requireAttributeKey } from '../store/session-arguments.js';
import type { AttributeTexts } from '../store/session-record.js';
import type { AttributePatch } from '../store/session-store.js';
import { toJsonText } from '../validation/json-value.js';

export const noAttributes: AttributeTexts = Object.freeze(Object.create(null));

/**
 * Validates attributes. Returns JSON texts for the values to set, and `null` for the attributes to delete.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireAttributePatch(attributes: unknown): AttributePatch {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
    throw invalidArgument('attributes', 'must be an object', attributes);
  }
  // Without a prototype: otherwise the key `__proto__` of a caller would reach Object.prototype.
  const patch: Record<string, string | null> = Object.create(null);
  for (const [key, value] of Object.entries(attributes)) {
    const checked = requireAttributeKey(key);
    patch[checked] = value === null ? null : toJsonText(`attribute ${checked}`, value);
  }
  return patch;
}

/**
 * Validates the attributes of a new session. Leaves out an attribute that is `null`, because setting `null` deletes.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireAttributes(attributes: unknown): AttributeTexts {
  const texts: Record<string, string> = Object.create(null);
  for (const [key, text] of Object.entries(requireAttributePatch(attributes))) if (text !== null) texts[key] = text;
  return Object.freeze(texts);
}
