import type { AttributeTexts } from '../../../store/session-record.js';

const noAttributes: AttributeTexts = Object.freeze(Object.create(null));

/** Returns the attributes as the column `attributes` stores them; `null` for none. */
export function textOf(attributes: AttributeTexts): string | null {
  const pairs: string[] = [];
  for (const key of Object.keys(attributes)) pairs.push(key, attributes[key] ?? '');
  return pairs.length === 0 ? null : JSON.stringify(pairs);
}

/** @param text written by `textOf`, as the checksum of its row proves */
export function attributesOf(text: string | null): AttributeTexts {
  if (text === null) return noAttributes;
  const pairs: readonly string[] = JSON.parse(text);
  const attributes: Record<string, string> = Object.create(null);
  for (let each = 0; each < pairs.length; each += 2) attributes[pairs[each] ?? ''] = pairs[each + 1] ?? '';
  return Object.freeze(attributes);
}
