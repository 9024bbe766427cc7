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
  const fields = fieldsOf(cookie);
  const age = ageOf(fields.originalMaxAge) ?? ageOf(fields.maxAge);
  const date = age === undefined ? dateOf(fields.expires) : undefined;
  if (age !== undefined) return { text: texts.of(fields, { originalMaxAge: age }), ttl: boundedTtl(age) };
  if (date === undefined) return { text: texts.of(fields, {}), ttl: undefined };
  return { text: textOf(fields, { expires: date.toJSON() }), ttl: boundedTtl(date.getTime() - now) };
}

/**
 * The idle time that a stored cookie asks for, for a session that is live and is to stay so.
 * @param text what `storedCookie` made
 * @returns 1 millisecond or more; `undefined` when the cookie names none
 */
export function idleTimeOf(text: string, now: number): number | undefined {
  const { ttl } = storedCookie(JSON.parse(text), now);
  return ttl === undefined ? undefined : Math.max(1, ttl);
}

/** A cookie just loaded stays valid for at least this many milliseconds, the time that its own request takes. */
const minRemaining = 1_000;

/** Fields that all frameworks set unless told otherwise; not stored. */
const defaults: { readonly [field: string]: unknown } = { path: '/', httpOnly: true };

/** Fields whose stored form is another, or that follow from others. */
const movingFields: ReadonlySet<string> = new Set([
  'expires',
  'originalMaxAge',
  'maxAge',
  'originalExpires',
  '_expires',
]);

/** @param lastTime the session's last activity; like `now` in milliseconds since the Unix epoch */
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
  // Own fields only. What a toJSON made, or a framework without one gave, mostly has no others.
  return Object.getPrototypeOf(plain) === Object.prototype ? plain : { ...plain };
}

function isFields(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/** Cookies with the same meaning have the same text, whichever framework's class they are of. */
function textOf(fields: object, own: object): string {
  const stored = Object.entries(fields).filter(
    ([field, value]) => !movingFields.has(field) && !isDefault(field, value),
  );
  stored.push(...Object.entries(own));
  return JSON.stringify(Object.fromEntries(stored.sort(([one], [other]) => (one < other ? -1 : 1))));
}

/**
 * The text of the latest cookie, for the next one: nearly all cookies of an application have the same fields, and to
 * compare them costs a tenth of making their text.
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
    // What a value that is not primitive holds may change.
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
  /** The loaded cookie but for `expires`. A copy is what a session gets. */
  readonly template: { originalMaxAge: number | null; expires: Date | null; [field: string]: unknown };
  readonly age: number | undefined;
  /** Of a cookie without an age. */
  readonly date: Date | undefined;
}

/** Texts of cookies that were parsed. */
class ParsedCookies {
  readonly #known = new Map<string, ParsedCookie>();

  of(text: string): ParsedCookie {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const { originalMaxAge, expires, ...rest } = fieldsOf(JSON.parse(text));
    const age = ageOf(originalMaxAge);
    // V8 copies what it parsed in a twentieth of the time that it takes for what it copied together from two objects.
    const fields = JSON.parse(JSON.stringify({ ...defaults, ...rest, originalMaxAge: age ?? null, expires: null }));
    const parsed = { template: fields, age, date: age === undefined ? dateOf(expires) : undefined };
    // A date is that of one session, and what is no primitive value must not be given to two.
    const isCommon = expires === undefined && Object.values(rest).every((value) => typeof value !== 'object');
    if (isCommon) {
      if (this.#known.size === mostKnown) this.#known.clear();
      this.#known.set(text, parsed);
    }
    return parsed;
  }
}

/** An application has one or two; one that makes them of what a client sends must not fill the memory. */
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
