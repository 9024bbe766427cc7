import { invalidArgument } from '../errors/session-error.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: it searches for control characters
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether the value is a string of at most `longest` characters, without control characters and lone surrogates. */
export function isPlainText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest && !controlCharacter.test(value) && value.isWellFormed();
}

/**
 * To be called before an options argument is read: to read a member of `null` would throw a TypeError, and a text would
 * count as no options.
 * @throws SessionError `INVALID_ARGUMENT` unless it is an object
 */
export function requireOptions<Options extends object>(options: Options): Options {
  if (typeof options === 'object' && options !== null) return options;
  throw invalidArgument('options', 'must be an object', options);
}

/** @throws SessionError `INVALID_ARGUMENT` unless it is a whole number from `least` to `most` */
export function requireWholeNumber(argument: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(argument, `must be a whole number from ${least} to ${most}`, value);
}
