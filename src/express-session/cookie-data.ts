/** Maximum idle time in milliseconds: 100 years. Dates and deadlines far beyond it are not exact to the millisecond. */
const maxTtl = 3_155_760_000_000;

/**
 * The cookie that frameworks expect in a loaded session. If the application has set `expires` to `false`, which
 * express-session documents but its types leave out, both times are `false`: express-session then sends the cookie
 * with every changed session.
 */
export interface LoadedCookie {
  readonly originalMaxAge: number | null;
  readonly expires: Date | null;
  readonly [field: string]: unknown;
}

/** The cookie of `req.session` in its stored form, and the idle time that it requests. */
export interface StoredCookie {
  /** JSON of the cookie's fields, without the fields that change with every renewal. */
  readonly text: string;
  /** Idle time in milliseconds; `undefined` if the cookie names none. 0 or less if the cookie has expired. */
  readonly ttl: number | undefined;
}

/**
 * Returns the stored form of a cookie.
 *
 * A cookie with an age expires when this age has passed since the last activity. The session record holds the time of
 * the last activity. Therefore the expiry is not stored, and a renewal need not write the cookie. A cookie with only a
 * date expires on that date.
 */
export function storedCookie(cookie: unknown, now: number): StoredCookie {
  const fields = fieldsOf(cookie);
  const age = ageOf(fields.originalMaxAge) ?? ageOf(fields.maxAge);
  const date = age === undefined ? dateOf(fields.expires) : undefined;
  if (age !== undefined) return { text: texts.of(fields, { originalMaxAge: age }), ttl: boundedTtl(age) };
  if (fields.expires === false) return { text: textOf(fields, { expires: false }), ttl: undefined };
  if (date === undefined) return { text: texts.of(fields, {}), ttl: undefined };
  return { text: textOf(fields, { expires: date.toJSON() }), ttl: boundedTtl(date.getTime() - now) };
}

/**
 * Returns the idle time in milliseconds that a stored cookie requests, for a session that is live and must stay live.
 * @param text the text that `storedCookie` returned
 * @returns 1 or more; `undefined` if the cookie names no idle time
 */
export function idleTimeOf(text: string, now: number): number | undefined {
  const { ttl } = storedCookie(JSON.parse(text), now);
  return ttl === undefined ? undefined : Math.max(1, ttl);
}

/** Minimum milliseconds for which a loaded cookie is valid: enough for the request that loaded it. */
const minRemaining = 1_000;

/** Fields that all frameworks set by default. Their default values are not stored. */
const defaults: { readonly [field: string]: unknown } = { path: '/', httpOnly: true };

/** Fields that are stored in another form, or that are derived from other fields. */
const movingFields: ReadonlySet<string> = new Set([
  'expires',
  'originalMaxAge',
  'maxAge',
  'originalExpires',
  '_expires',
]);

/**
 * Returns the cookie for a session that was loaded.
 * @param lastTime the session's last activity; like `now`, in milliseconds since the Unix epoch
 */
export function loadedCookie(text: string | undefined, lastTime: number, now: number): LoadedCookie {
  const { template, age, date } = cookies.of(text ?? '{}');
  const cookie = { ...template };
  // The store found the session live. If this node's clock is ahead of the store's, the cookie must not look expired.
  if (age !== undefined) cookie.expires = new Date(Math.max(lastTime + age, now + minRemaining));
  else if (date !== undefined) cookie.expires = date;
  return cookie;
}

function fieldsOf(cookie: unknown): { readonly [field: string]: unknown } {
  if (typeof cookie !== 'object' || cookie === null) return {};
  const plain: unknown = 'toJSON' in cookie && typeof cookie.toJSON === 'function' ? cookie.toJSON() : cookie;
  if (!isFields(plain)) return {};
  // Own fields only. The result of `toJSON`, or a cookie without it, is usually a plain object, which needs no copy.
  return Object.getPrototypeOf(plain) === Object.prototype ? plain : { ...plain };
}

function isFields(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/**
 * Returns the stored text. Cookies with the same meaning have the same text, even if they come from different
 * frameworks.
 */
function textOf(fields: object, own: object): string {
  const stored = Object.entries(fields).filter(
    ([field, value]) => !movingFields.has(field) && !isDefault(field, value),
  );
  stored.push(...Object.entries(own));
  return JSON.stringify(Object.fromEntries(stored.sort(([one], [other]) => (one < other ? -1 : 1))));
}

/**
 * Caches the text of the latest cookie. Nearly all cookies of an application have the same fields, and to compare the
 * fields takes a tenth of the time of making the text.
 */
class LatestText {
  #fields: { readonly [field: string]: unknown } = {};
  #count = -1;
  #age: number | undefined;
  #text = '';

  of(fields: { readonly [field: string]: unknown }, own: { readonly originalMaxAge?: number }): string {
    if (this.#isOf(fields, own.originalMaxAge)) return this.#text;
    const text = textOf(fields, own);
    const kept = Object.entries(fields).filter(([field]) => !movingFields.has(field));
    // The content of a value that is not primitive may change.
    const isFixed = kept.every(([, value]) => typeof value !== 'object' || value === null);
    this.#fields = Object.fromEntries(kept);
    this.#count = isFixed ? kept.length : -1;
    this.#age = own.originalMaxAge;
    this.#text = text;
    return text;
  }

  #isOf(fields: { readonly [field: string]: unknown }, age: number | undefined): boolean {
    if (this.#count < 0 || age !== this.#age) return false;
    let count = 0;
    for (const field of Object.keys(fields)) {
      if (movingFields.has(field)) continue;
      if (fields[field] !== this.#fields[field]) return false;
      count += 1;
    }
    return count === this.#count;
  }
}

interface ParsedCookie {
  /** The loaded cookie without `expires`. Each session gets a copy. */
  readonly template: { originalMaxAge: number | null; expires: Date | null; [field: string]: unknown };
  readonly age: number | undefined;
  /** The expiry date, if the cookie has no age. */
  readonly date: Date | undefined;
}

/** Cache of parsed cookie texts. */
class ParsedCookies {
  readonly #known = new Map<string, ParsedCookie>();

  of(text: string): ParsedCookie {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const { originalMaxAge, expires, ...rest } = fieldsOf(JSON.parse(text));
    const age = ageOf(originalMaxAge);
    const none = expires === false ? false : null;
    // V8 copies an object that `JSON.parse` made in a twentieth of the time that it needs for an object literal with
    // spreads.
    const fields = JSON.parse(JSON.stringify({ ...defaults, ...rest, originalMaxAge: age ?? none, expires: none }));
    const parsed = { template: fields, age, date: age === undefined ? dateOf(expires) : undefined };
    // A date belongs to one session, and two sessions must not share an object. Such cookies are not cached.
    const isCommon = parsed.date === undefined && Object.values(rest).every((value) => typeof value !== 'object');
    if (isCommon) {
      if (this.#known.size === mostKnown) this.#known.clear();
      this.#known.set(text, parsed);
    }
    return parsed;
  }
}

/**
 * Maximum number of cached cookie texts. Most applications have one or two. The limit matters for an application that
 * makes cookies from client input.
 */
const mostKnown = 100;
const texts = new LatestText();
const cookies = new ParsedCookies();

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
