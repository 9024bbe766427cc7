import { invalidArgument, SessionError } from './session-error.js';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** Deep enough for any message made by hand; shallow enough that no parser down the line runs out of stack. */
const deepest = 64;

/**
 * The JSON text of a value, refusing what JSON would silently drop or alter: `undefined` (but as a property, where it
 * means absence), functions, symbols, BigInt, NaN and infinities, lone surrogates, cycles, nesting over 64 levels.
 *
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function toJsonText(argument: string, value: unknown): string {
  try {
    const fault = findFault(value, 0);
    if (fault !== undefined) throw invalidArgument(argument, fault, value);
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (error) {
    if (SessionError.is(error)) throw error;
    // A getter or a toJSON of the caller's that throws.
    throw invalidArgument(argument, 'must be a JSON value', typeof value, error);
  }
  throw invalidArgument(argument, 'must be a JSON value', typeof value);
}

function findFault(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : 'must not contain lone surrogates';
    case 'number':
      return Number.isFinite(value) ? undefined : 'must not contain NaN or infinite numbers';
    case 'boolean':
      return undefined;
    case 'object':
      return value === null ? undefined : findFaultWithin(value, depth + 1);
    default:
      return `must be a JSON value, which ${typeof value} is not`;
  }
}

function findFaultWithin(value: object, depth: number): string | undefined {
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    // As JSON.stringify does, which asks each value once, not also what it gave.
    const form: unknown = value.toJSON();
    return typeof form === 'object' && form !== null ? findFaultInMembers(form, depth) : findFault(form, depth);
  }
  return findFaultInMembers(value, depth);
}

function findFaultInMembers(value: object, depth: number): string | undefined {
  if (depth > deepest) return `must not be nested deeper than ${deepest} levels, nor refer to itself`;
  if (Array.isArray(value)) {
    // An index loop, because forEach and its kin pass over holes, which JSON would turn into null.
    for (let index = 0; index < value.length; index += 1) {
      const fault = findFault(value[index], depth);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const fault = key.isWellFormed() ? findFault(member, depth) : 'must not contain lone surrogates';
    if (fault !== undefined) return fault;
  }
  return undefined;
}
