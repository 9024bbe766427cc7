import { SessionError } from '../../../errors/session-error.js';
import { requireAttributeKey } from '../../../store/session-arguments.js';
import { RedisSessionsError } from './redis-sessions-error.js';
import type { Scalar } from './types.js';

/** What redis-sessions asks of its arguments. Each check takes time in proportion to the argument at most. */
const appPattern = /^[\w-]{3,20}$/;
const tokenPattern = /^[0-9A-Za-z]{64}$/;
/** Control characters and line separators, which would forge lines in logs and lists. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are just what it looks for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const longestIp = 39;
const longestId = 128;
const leastSeconds = 10;
/** Beyond it milliseconds are no exact numbers any more. */
const mostSeconds = 9_000_000_000_000;
const defaultTtl = 7_200;
/** A key as an error quotes it, at most: the longest that can be kept. */
const quotedLength = 128;

/** What a call was given, before anything is known of it. */
export type Untrusted = Readonly<Record<string, unknown>>;

const nothing: Untrusted = Object.freeze({});

/** The options of a call, whatever they are: what is no object has none. */
export function readOptions(options: unknown): Untrusted {
  return isRecord(options) ? options : nothing;
}

function isRecord(value: unknown): value is Untrusted {
  return typeof value === 'object' && value !== null;
}

export function readApp(value: unknown): string {
  return requireText('app', value, (text) => appPattern.test(text));
}

export function readToken(value: unknown): string {
  return requireText('token', value, (text) => tokenPattern.test(text));
}

export function readIp(value: unknown): string {
  return requireText('ip', value, (text) => text.length <= longestIp && isPrintable(text));
}

/** A character is what Unicode calls a code point, so that no script gets fewer than another. */
export function readId(value: unknown): string {
  return requireText('id', value, (text) => {
    if (text.length > 2 * longestId || !isPrintable(text)) return false;
    return text.length <= longestId || [...text].length <= longestId;
  });
}

/** @returns seconds; 7200 when nothing was given */
export function readTtl(value: unknown): number {
  return requireSeconds('ttl', value ? value : defaultTtl);
}

/** @returns seconds */
export function readDeltaTime(value: unknown): number {
  return requireSeconds('deltaTime', value);
}

/** `d` of a new session, which may come without; `null` is what is not to be kept. */
export function readInitialData(value: unknown): Readonly<Record<string, Scalar | null>> | undefined {
  return value ? readData(value) : undefined;
}

/** `d` with one key at least; `null` deletes. */
export function readData(value: unknown): Readonly<Record<string, Scalar | null>> {
  if (!value) throw missing('d');
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('d must be an object');
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  if (entries.length === 0) throw invalid('d must containt at least one key.');
  const data: Record<string, Scalar | null> = Object.create(null);
  for (const [key, each] of entries) data[key] = requireScalar(key, each);
  for (const key in data) requireKey(key);
  return data;
}

function requireScalar(key: string, value: unknown): Scalar | null {
  if (value === null || typeof value === 'boolean') return value;
  // JSON has neither the one nor the other, and would make `null` or something else of it.
  if (typeof value === 'string' && value.isWellFormed()) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(`d.${shortened(key)} has a forbidden type. Only strings, numbers, boolean and null are allowed.`);
}

/** redis-sessions keeps any key; what would harm whoever handles the object is refused here. */
function requireKey(key: string): void {
  try {
    requireAttributeKey(key);
  } catch (error) {
    if (!SessionError.is(error, 'INVALID_ARGUMENT')) throw error;
    throw invalid(`d.${shortened(key)} is a forbidden key. A key ${error.details.rule}.`, error);
  }
}

function requireText(name: string, value: unknown, fits: (text: string) => boolean): string {
  if (!value) throw missing(name);
  // Ids are often numbers where they come from.
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && fits(text)) return text;
  throw new RedisSessionsError('invalidFormat', `Invalid ${name} format`);
}

/** Numbers come as text from a query string; what follows the digits is passed over. */
function requireSeconds(name: string, value: unknown): number {
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number.parseInt(String(value), 10) : 0;
  if (seconds >= leastSeconds && seconds <= mostSeconds) return seconds;
  throw invalid(`${name} must be a positive integer >= ${leastSeconds}`);
}

function isPrintable(text: string): boolean {
  return !unprintable.test(text) && text.isWellFormed();
}

function shortened(key: string): string {
  return key.length > quotedLength ? `${key.slice(0, quotedLength)}…` : key;
}

function missing(name: string): RedisSessionsError {
  return new RedisSessionsError('missingParameter', `No ${name} supplied`);
}

function invalid(message: string, cause?: unknown): RedisSessionsError {
  return new RedisSessionsError('invalidValue', message, cause === undefined ? undefined : { cause });
}
