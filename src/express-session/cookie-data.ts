/** 100 years. Far beyond it dates and deadlines in milliseconds are no longer exact. */
const maxTtl = 3_155_760_000_000;

/** The cookie that frameworks expect in a loaded session. */
export interface LoadedCookie {
  readonly originalMaxAge: number | null;
  readonly expires: Date | null;
  readonly [field: string]: unknown;
}

/** The cookie of `req.session` in the form that is stored, and the idle time that it asks for. */
export interface StoredCookie {
  /** JSON of its fields, without those that change with every renewal. */
  readonly text: string;
  /** Idle time in milliseconds; `undefined` when the cookie names none. 0 or less when the cookie has expired. */
  readonly ttl: number | undefined;
}

/**
 * A cookie with an age expires that long after the last activity, which the session record holds: its expiry is not
 * stored, so that a renewal need not write the cookie. A cookie with only a date expires on that date.
 */
export function storedCookie(cookie: unknown, now: number): StoredCookie {
  const { expires, originalMaxAge, maxAge, originalExpires: _derived, _expires, ...rest } = fieldsOf(cookie);
  const age = ageOf(originalMaxAge) ?? ageOf(maxAge);
  const date = dateOf(expires);
  if (age !== undefined) return { text: textOf({ ...rest, originalMaxAge: age }), ttl: boundedTtl(age) };
  if (date === undefined) return { text: textOf(rest), ttl: undefined };
  return { text: textOf({ ...rest, expires: date.toJSON() }), ttl: boundedTtl(date.getTime() - now) };
}

/** A cookie just loaded stays valid for at least this many milliseconds, the time that its own request takes. */
const minRemaining = 1_000;

/** Fields that all frameworks set unless told otherwise; not stored. */
const defaults: { readonly [field: string]: unknown } = { path: '/', httpOnly: true };

/** @param lastTime the session's last activity; like `now` in milliseconds since the Unix epoch */
export function loadedCookie(text: string | undefined, lastTime: number, now: number): LoadedCookie {
  const { originalMaxAge, expires, ...rest } = fieldsOf(text === undefined ? undefined : JSON.parse(text));
  const age = ageOf(originalMaxAge);
  // The store found the session live. If this node's clock is ahead of the store's, the cookie must not look expired.
  const movingDate = age === undefined ? undefined : new Date(Math.max(lastTime + age, now + minRemaining));
  return {
    ...defaults,
    ...rest,
    originalMaxAge: age ?? null,
    expires: movingDate ?? dateOf(expires) ?? null,
  };
}

function fieldsOf(cookie: unknown): { readonly [field: string]: unknown } {
  if (typeof cookie !== 'object' || cookie === null) return {};
  const plain: unknown = 'toJSON' in cookie && typeof cookie.toJSON === 'function' ? cookie.toJSON() : cookie;
  return typeof plain === 'object' && plain !== null ? { ...plain } : {};
}

/** Cookies with the same meaning have the same text, whichever framework's class they are of. */
function textOf(fields: object): string {
  const stored = Object.entries(fields).filter(([field, value]) => !isDefault(field, value));
  return JSON.stringify(Object.fromEntries(stored.sort(([one], [other]) => (one < other ? -1 : 1))));
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

function boundedTtl(milliseconds: number): number {
  return Math.min(Math.ceil(milliseconds), maxTtl);
}
