import { invalidArgument } from '../errors/session-error.js';

/** As for every attribute: shallow enough that no parser runs out of stack. */
const maxDepth = 64;

/** `JSON.stringify` writes a lone surrogate as an escape, and nothing else. An even number of backslashes precedes it. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const openBrace = 0x7b;
const closeBracket = 0x5d;
const closeBrace = 0x7d;

/**
 * Refuses what `JSON.stringify` accepts but attributes may not contain. Works on the text, because the value was
 * stringified already, and its getters and `toJSON` methods might answer differently a second time.
 *
 * @param text made by `JSON.stringify`
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireStorableJson(argument: string, text: string): void {
  if (loneSurrogate.test(text)) throw invalidArgument(argument, 'must not contain lone surrogates', 'a JSON text');
  if (isDeeperThan(maxDepth, text)) {
    throw invalidArgument(argument, `must not be nested deeper than ${maxDepth} levels`, 'a JSON text');
  }
}

/**
 * The JSON text of a text.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function storableText(argument: string, value: string): string {
  const text = JSON.stringify(value);
  requireStorableJson(argument, text);
  return text;
}

function isDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === backslash) index += 1;
      else if (code === quote) isInString = false;
    } else if (code === quote) {
      isInString = true;
    } else if (code === openBracket || code === openBrace) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === closeBracket || code === closeBrace) {
      depth -= 1;
    }
  }
  return false;
}
