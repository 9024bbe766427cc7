import { invalidArgument, SessionError } from '../errors/session-error.js';

/** A value that `JSON.stringify` writes without loss. Keys whose value is `undefined` are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** Deep enough for any message written by hand; shallow enough that no client's parser runs out of stack. */
const deepest = 64;
/** An object that refers to one object many times has a text far larger than itself. This ends the walk before memory runs out. */
const mostValues = 1_000_000;

/**
 * The JSON text of a value. It refuses what `JSON.stringify` would silently drop or alter, and what would be too large:
 * `undefined` (but not as a property, where it means that there is none), functions, symbols, BigInt, NaN, infinities, lone
 * surrogates, cycles, more than 64 levels of nesting, more than a million values.
 *
 * @param argument names the value in the error
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function toJsonText(argument: string, value: unknown): string {
  try {
    const walk = new Walk();
    const text: string | undefined = walk.findFault(value, 0) === undefined ? JSON.stringify(value) : undefined;
    // What a toJSON returned is checked in the text, because a second call might return something else.
    if (text !== undefined && walk.metToJson) walk.findFault(JSON.parse(text), 0);
    // An object is not quoted: its text may be too long for memory.
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

/** One walk through a value, for what `JSON.stringify` would drop or alter. */
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
      // By index, because forEach skips holes, which JSON.stringify would turn into null.
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
    // Not by `Object.entries`, which V8 leaves to its runtime.
    for (const key of Object.keys(value)) {
      const member: unknown = Reflect.get(value, key);
      if (member === undefined) continue;
      if (!key.isWellFormed()) this.fault = 'must not contain lone surrogates';
      if (this.fault !== undefined || this.findFault(member, depth) !== undefined) return;
    }
  }
}
