/**
 * A text that may hold U+0000, at which SQLite libraries cut text, as one that does not: unchanged where it can be, else
 * as JSON, which begins with a quote.
 */
export function storable(text: string): string {
  return text.startsWith('"') || text.includes('\0') ? JSON.stringify(text) : text;
}

/** The text of which `storable` made this. Damaged text comes back as some other text: the row's checksum finds it. */
export function restored(stored: string): string {
  if (!stored.startsWith('"')) return stored;
  try {
    return String(JSON.parse(stored));
  } catch {
    return stored;
  }
}
