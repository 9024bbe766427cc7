import { invalidArgument, SessionError } from '../errors/session-error.js';

/** A value that `JSON.stringify` writes without loss. Keys whose value is `undefined` are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * Maximum depth: enough for any message written by hand, and not enough for any client's parser to run out of stack.
 */
const deepest = 64;
/**
 * Maximum number of values. The text of an object that refers to another object many times is far larger than the
 * object: this limit ends the walk before memory runs out.
 */
const mostValues = 1_000_000;

/**
 * Returns the JSON text of a value. Refuses everything that `JSON.stringify` would silently drop or alter, and values
 * that are too large: `undefined` (except as the value of a property, which then counts as absent), functions, symbols,
 * BigInt, NaN, infinities, lone surrogates, cycles, more than 64 levels of nesting, more than a million values.
 *
 * @param argument name of the value, for the error
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function toJsonText(argument: string, value: unknown): string {
  try {
    const walk = new Walk();
    const text: string | undefined = walk.findFault(value, 0) === undefined ? JSON.stringify(value) : undefined;
    // Check the result of a toJSON in the text, because a second call might return something else.
    if (text !== undefined && walk.metToJson) walk.findFault(JSON.parse(text), 0);
    // Do not quote an object: its text may be too long for memory.
    if (walk.fault !== undefined)
      throw invalidArgument(argument, walk.fault, typeof value === 'object' ? 'object' : value);
    if (text !== undefined) return text;
  } catch (error) {
    if (SessionError.is(error)) throw error;
    // A getter or a toJSON of the caller threw.
    throw invalidArgument(argument, 'must be a JSON value', typeof value, error);
  }
  throw invalidArgument(argument, 'must be a JSON value', typeof value);
}

/** One walk through a value, in search of content that `JSON.stringify` would drop or alter. */
class Walk {
  fault: string | undefined;
  metToJson = false;
  #visited = 0;

  /** @returns the first fault, which is also kept in `fault` */
  findFault(value: unknown, depth: number): string | undefined {
    this.#visited += 1;
    if (this.#visited > mostValues) this.fault = `must not hold more than ${mostValues} values`;
    switch (typeof value) {
      case 'string':
        if (!value.isWellFormed()) this.fault = 'must not contain lone surrogates';
        break;
      case 'number':
        if (!Number.isFinite(value)) this.fault = 'must not contain NaN or infinite numbers';
        break;
      case 'boolean':
        break;
      case 'object':
        if (value !== null) this.#findWithin(value, depth + 1);
        break;
      default:
        this.fault = `must be a JSON value, which ${typeof value} is not`;
    }
    return this.fault;
  }

  #findWithin(value: object, depth: number): void {
    if (depth > deepest) {
      this.fault = `must not be nested deeper than ${deepest} levels, nor refer to itself`;
    } else if (Array.isArray(value)) {
      // Iterate by index, because forEach skips holes, which JSON.stringify would turn into null.
      for (let index = 0; index < value.length && this.fault === undefined; index += 1) {
        this.findFault(value[index], depth);
      }
    } else if ('toJSON' in value && typeof value.toJSON === 'function') {
      this.metToJson = true;
    } else {
      this.#findInMembers(value, depth);
    }
  }

  #findInMembers(value: object, depth: number): void {
    // Do not use `Object.entries`, which V8 runs in its slower runtime.
    for (const key of Object.keys(value)) {
      const member: unknown = Reflect.get(value, key);
      if (member === undefined) continue;
      if (!key.isWellFormed()) this.fault = 'must not contain lone surrogates';
      if (this.fault !== undefined || this.findFault(member, depth) !== undefined) return;
    }
  }
}
