import { SessionError } from '../../../errors/session-error.js';
import { requireAttributeKey } from '../../../store/session-arguments.js';
import { RedisSessionsError } from './redis-sessions-error.js';
import type { Scalar } from './types.js';

/** The rules of redis-sessions. Each pattern matches in linear time. */
const appPattern = /^[\w-]{3,20}$/;
const tokenPattern = /^[0-9A-Za-z]{64}$/;
/** Control characters and line separators, which could forge lines in logs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern finds control characters
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const longestIp = 39;
/** The longest account id. redis-sessions does not limit its ids. */
const longestId = 256;
const leastSeconds = 10;
/**
 * Maximum number of seconds. Above it, the number of milliseconds is no longer exact. A larger number, which stands for
 * "never" in some applications, counts as this one.
 */
export const mostSeconds = 9_000_000_000_000;
const defaultTtl = 7_200;
/** Maximum number of characters of a key that an error quotes. A valid key is not longer. */
const quotedLength = 128;

/** The options of a call, unchecked. */
export type Untrusted = Readonly<Record<string, unknown>>;

const nothing: Untrusted = Object.freeze({});

/** Returns the options of a call; an empty object if the argument is not an object. */
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

export function readId(value: unknown): string {
  return requireText('id', value, (text) => text.length <= longestId && isPrintable(text));
}

/** @returns seconds; 7200 by default */
export function readTtl(value: unknown): number {
  return requireSeconds('ttl', value ? value : defaultTtl);
}

/** @returns seconds */
export function readDeltaTime(value: unknown): number {
  return requireSeconds('deltaTime', value);
}

/** Reads the optional `d` of a new session. A key with `null` will be left out. */
export function readInitialData(value: unknown): Readonly<Record<string, Scalar | null>> | undefined {
  return value ? readData(value) : undefined;
}

/** Reads `d`, which must have at least one key. `null` deletes a key. */
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
  // JSON can't represent lone surrogates, NaN or infinity, and would alter them.
  if (typeof value === 'string' && value.isWellFormed()) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(`d.${shortened(key)} has a forbidden type. Only strings, numbers, boolean and null are allowed.`);
}

/** Refuses keys that could reach a prototype. redis-sessions accepts any key. */
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
  // Many applications have numeric ids.
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && fits(text)) return text;
  throw new RedisSessionsError('invalidFormat', `Invalid ${name} format`);
}

/** Accepts text too, because a query string holds text. Like redis-sessions, ignores characters after the digits. */
function requireSeconds(name: string, value: unknown): number {
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number.parseInt(String(value), 10) : 0;
  if (seconds >= leastSeconds) return Math.min(seconds, mostSeconds);
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
