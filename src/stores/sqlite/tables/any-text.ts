/**
 * Encodes a text as one without U+0000, at which SQLite libraries cut text. Returns it unchanged if possible, otherwise
 * as JSON, which begins with a quote.
 */
export function storable(text: string): string {
  return text.startsWith('"') || text.includes('\0') ? JSON.stringify(text) : text;
}

/** Decodes the result of `storable`. Damaged text gives some other text, which the row's checksum detects. */
export function restored(stored: string): string {
  if (!stored.startsWith('"')) return stored;
  try {
    return String(JSON.parse(stored));
  } catch {
    return stored;
  }
}
