import type { JsonValue } from '../validation/json-value.js';

/** No cookie outlives a century; beyond it dates and deadlines are no longer exact. */
const longest = 3_155_760_000_000;

/** What frameworks expect of a loaded session's cookie. */
export interface LoadedCookie {
  readonly originalMaxAge: number | null;
  readonly expires: Date | null;
  readonly [field: string]: unknown;
}

/** A cookie of `req.session` as it is kept, and how long the session may idle by it. */
export interface KeptCookie {
  /** JSON of its fields, without what moves with each renewal. */
  readonly text: string;
  /** Idle time in milliseconds; `undefined` when the cookie does not say. 0 or less when its time is over. */
  readonly ttl: number | undefined;
}

/**
 * A cookie with an original age moves: it expires that long after the last activity, which the session's record tells,
 * so that a renewal need not write it. One that only says when it expires does not move.
 */
export function keptCookie(cookie: unknown, now: number): KeptCookie {
  const { expires, originalMaxAge, maxAge, originalExpires: _moves, _expires, ...rest } = fieldsOf(cookie);
  const age = ageOf(originalMaxAge) ?? ageOf(maxAge);
  const date = dateOf(expires);
  if (age !== undefined) return { text: textOf({ ...rest, originalMaxAge: age }), ttl: ttlOf(age) };
  if (date === undefined) return { text: textOf(rest), ttl: undefined };
  return { text: textOf({ ...rest, expires: date.toJSON() }), ttl: ttlOf(date.getTime() - now) };
}

/** A cookie just loaded is not over before its request is. Milliseconds. */
const leastLeft = 1_000;

/** What every framework takes for granted. */
const defaults: { readonly [field: string]: unknown } = { path: '/', httpOnly: true };

/** @param lastTime the session's last activity; both in milliseconds since the Unix epoch */
export function loadedCookie(text: string | undefined, lastTime: number, now: number): LoadedCookie {
  const { originalMaxAge, expires, ...rest } = fieldsOf(text === undefined ? undefined : JSON.parse(text));
  const age = ageOf(originalMaxAge);
  // The session lives, whatever a node's clock says that differs from its store's: its cookie must not be over.
  const moving = age === undefined ? undefined : new Date(Math.max(lastTime + age, now + leastLeft));
  return {
    ...defaults,
    ...rest,
    originalMaxAge: age ?? null,
    expires: moving ?? dateOf(expires) ?? null,
  };
}

export function parsedCookie(text: string): JsonValue {
  return JSON.parse(text);
}

function fieldsOf(cookie: unknown): { readonly [field: string]: unknown } {
  if (typeof cookie !== 'object' || cookie === null) return {};
  const plain: unknown = 'toJSON' in cookie && typeof cookie.toJSON === 'function' ? cookie.toJSON() : cookie;
  return typeof plain === 'object' && plain !== null ? { ...plain } : {};
}

/** One text for cookies that say the same, whichever framework's class they are of. */
function textOf(fields: object): string {
  const told = Object.entries(fields).filter(([field, value]) => !isDefault(field, value));
  return JSON.stringify(Object.fromEntries(told.sort(([one], [other]) => (one < other ? -1 : 1))));
}

function isDefault(field: string, value: unknown): boolean {
  return value === undefined || value === null || value === defaults[field];
}

function ageOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function dateOf(value: unknown): Date | undefined {
  if (!(value instanceof Date) && typeof value !== 'string' && typeof value !== 'number') return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function ttlOf(milliseconds: number): number {
  return Math.min(Math.ceil(milliseconds), longest);
}
