import { invalidArgument } from '../errors/session-error.js';

/** Maximum nesting depth, the same as for every attribute. It is low enough that no parser runs out of stack. */
const maxDepth = 64;

/**
 * Matches a lone surrogate. `JSON.stringify` writes only lone surrogates as escapes from `\ud800` to `\udfff`. An even
 * number of backslashes precedes such an escape.
 */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const openBrace = 0x7b;
const closeBracket = 0x5d;
const closeBrace = 0x7d;

/**
 * Rejects JSON that `JSON.stringify` makes but that attributes may not contain. Checks the text instead of the value:
 * the value was stringified already, and its getters and `toJSON` methods may return something else the second time.
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
 * Returns the JSON text of a string.
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
