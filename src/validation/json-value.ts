import { invalidArgument, SessionError } from '../errors/session-error.js';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** Deep enough for any message made by hand; shallow enough that no parser down the line runs out of stack. */
const deepest = 64;
/** Objects shared over and over make a text far larger than they are: this ends the walk before memory does. */
const mostValues = 1_000_000;

/**
 * The JSON text of a value, refusing what JSON would silently drop or alter: `undefined` (but as a property, where it
 * means absence), functions, symbols, BigInt, NaN and infinities, lone surrogates, cycles, nesting over 64 levels,
 * more than a million values.
 *
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function toJsonText(argument: string, value: unknown): string {
  try {
    const walk = new Walk();
    const text: string | undefined = walk.findFault(value, 0) === undefined ? JSON.stringify(value) : undefined;
    // What a toJSON gave is judged by the text it led to: asked a second time it might answer otherwise.
    if (text !== undefined && walk.metToJson) walk.findFault(JSON.parse(text), 0);
    // An object is not quoted: its text may be as long as memory.
    if (walk.fault !== undefined)
      throw invalidArgument(argument, walk.fault, typeof value === 'object' ? 'object' : value);
    if (text !== undefined) return text;
  } catch (error) {
    if (SessionError.is(error)) throw error;
    // A getter or a toJSON of the caller's that throws.
    throw invalidArgument(argument, 'must be a JSON value', typeof value, error);
  }
  throw invalidArgument(argument, 'must be a JSON value', typeof value);
}

/** One look through a value, for what JSON would drop or alter. */
class Walk {
  fault: string | undefined;
  metToJson = false;
  #visited = 0;

  /** @returns the first fault, which it also keeps */
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
      // An index loop, because forEach and its kin pass over holes, which JSON would turn into null.
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
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      if (!key.isWellFormed()) this.fault = 'must not contain lone surrogates';
      if (this.fault !== undefined || this.findFault(member, depth) !== undefined) return;
    }
  }
}
