import * as v from 'valibot';
import { quote, SessionError } from '../errors/session-error.js';
import { closestTo } from './closest-name.js';

/**
 * Rules that several options share, here and below. The message of each rule states the rule, and the error quotes it.
 */
export function wholeNumber(least: number, most: number) {
  const rule = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(rule), v.integer(rule), v.minValue(least, rule), v.maxValue(most, rule));
}

export function oneOf<const Choices extends readonly string[]>(choices: Choices) {
  return v.picklist(choices, `must be one of ${choices.join(', ')}`);
}

export function trueOrFalse() {
  return v.boolean('must be true or false');
}

export function nonEmptyText(rule = 'must be a string that is not empty') {
  return v.pipe(v.string(rule), v.nonEmpty(rule));
}

export function callback<Callback extends (...args: never[]) => unknown>() {
  return v.custom<Callback>((value) => typeof value === 'function', 'must be a function');
}

/** An object of the caller, which must have the methods that are used. It is passed on as it is, not copied. */
export function objectWith<Instance extends object>(...methods: readonly (keyof Instance & string)[]) {
  const hasMethods = (value: unknown) =>
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function');
  return v.custom<Instance>(hasMethods, `must be an object with ${methods.join(', ')}`);
}

type Entries = v.ObjectEntries;

/** The options that a caller may pass. */
export type OptionsInput<Known extends Entries> = v.InferInput<v.StrictObjectSchema<Known, undefined>>;

/** The options after the check, with their defaults. */
export type CheckedOptions<Known extends Entries> = v.InferOutput<v.StrictObjectSchema<Known, undefined>>;

/** The options that a front or store knows, by name. */
export interface OptionRules<Known extends Entries> {
  /** Name of the function or class that takes the options, such as `redisStore` or `SessionContext`. */
  readonly front: string;
  readonly known: Known;
  /** Options whose values an error must not quote. Default: none. */
  readonly secrets?: readonly (keyof Known & string)[];
  /** For options of another product or version: a sentence that names the replacement. */
  readonly instead?: Readonly<Record<string, string>>;
}

/**
 * Checks options and fills in their defaults. Every front and store checks its options here, and nowhere else.
 * @throws SessionError `INVALID_CONTEXT`, naming the front, the option, the rule and the value, and for an unknown
 * option the known option that was probably meant
 */
export function checkOptions<const Known extends Entries>(
  rules: OptionRules<Known>,
  options: unknown,
): CheckedOptions<Known> {
  const { front, known, secrets = [] } = rules;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption(front, 'options', 'must be an object', options);
  }
  requireKnownOptions(rules, options);
  const result = v.safeParse(v.strictObject(known), options, { abortEarly: true, abortPipeEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const name = v.getDotPath(issue) ?? 'options';
  const [top] = issue.path ?? [];
  const value = issue.path?.at(-1)?.value ?? issue.input;
  const isMissing = issue.kind === 'schema' && issue.received === 'undefined' && value === undefined;
  const rule = isMissing ? 'must be given' : issue.message;
  throw invalidOption(front, name, rule, secrets.includes(String(top?.key)) ? typeof value : value);
}

/**
 * Returns the error of an option. Called directly for a rule that `OptionRules` can't express, such as on two options.
 */
export function invalidOption(front: string, field: string, rule: string, value: unknown): SessionError {
  const quoted = quote(value);
  const text = `${front}: ${field} ${rule}; got ${quoted}`;
  return new SessionError('INVALID_CONTEXT', text, { front, field, rule, value: quoted });
}

function requireKnownOptions<Known extends Entries>(
  { front, known, secrets = [], instead = {} }: OptionRules<Known>,
  options: object,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(known, name)) continue;
    const meant = closestTo(name, Object.keys(known));
    const advice = Object.hasOwn(instead, name)
      ? `; ${instead[name]}`
      : meant === undefined
        ? ''
        : `; did you mean ${meant}?`;
    // The value of a misspelt secret option is a secret, too.
    const isSecret = meant !== undefined && secrets.includes(meant);
    throw invalidOption(front, name, `is not an option${advice}`, isSecret ? typeof value : value);
  }
}
