import { invalidArgument, type SessionError } from '../errors/session-error.js';
import { closestTo } from './closest-name.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: it searches for control characters
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether the value is a string of at most `longest` characters, without control characters and lone surrogates. */
export function isPlainText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest && !controlCharacter.test(value) && value.isWellFormed();
}

/** The names of all options of a method. */
export type OptionNames<Options> = Readonly<Record<keyof Required<Options> & string, true>>;

/**
 * Call this before you read an options argument: reading a member of `null` would throw a TypeError, and a text would
 * count as no options. Without the check of the names, `closeAccount(id, { exept })` would also end the session to keep.
 * @throws SessionError `INVALID_ARGUMENT` unless it is an object without other names
 */
export function requireOptions<Options extends object>(options: Options, names: OptionNames<Options>): Options {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'must be an object', options);
  // Not by `Object.keys`: each poll and each push passes through here.
  for (const name in options) if (!Object.hasOwn(names, name)) throw unknownOption(name, Object.keys(names));
  return options;
}

function unknownOption(name: string, names: readonly string[]): SessionError {
  // The name may come from a client and have any length, and the search takes time in proportion to its length.
  const meant = closestTo(name.slice(0, 64), names);
  const advice = meant === undefined ? '' : `; did you mean ${meant}?`;
  return invalidArgument('options', `may only be ${names.join(', ')}${advice}`, name);
}

/** @throws SessionError `INVALID_ARGUMENT` unless it is a whole number from `least` to `most` */
export function requireWholeNumber(argument: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(argument, `must be a whole number from ${least} to ${most}`, value);
}
