import { invalidArgument } from '../errors/session-error.js';
import type { JsonValue } from '../validation/json-value.js';
import { attributesFor, cookieAttribute, dataOf, isDataKey } from './attribute-names.js';
import { keptCookie, parsedCookie } from './session-cookie.js';

/** What `req.session` holds, at one moment. */
export interface SessionContent {
  /** JSON text by key, in the order of the object. */
  readonly data: ReadonlyMap<string, string>;
  /** As `keptCookie` has it; `undefined` when there is none. */
  readonly cookie: string | undefined;
}

export const nothingKept: SessionContent = Object.freeze({ data: new Map(), cookie: undefined });

/** What a request wants kept. */
export interface WantedContent extends SessionContent {
  /** Whom the session is to be bound to. */
  readonly accountId: string | undefined;
  /** Idle time in milliseconds; 0 or less when the cookie is over. */
  readonly ttl: number | undefined;
}

/** How to read what applications keep in `req.session`. */
export interface ContentRules {
  /** The key that says which account the session is bound to. */
  readonly accountKey: string;
  /** Bytes of all JSON texts and keys together. */
  readonly dataMaxBytes: number;
}

/** Keys whose JSON text changed; `undefined` where the key went. */
export interface ContentChanges {
  readonly data: ReadonlyMap<string, string | undefined>;
  readonly cookie: string | undefined;
}

/**
 * What the object holds now: later changes to it don't matter.
 * @param base what it was loaded with: a key of it that the object only seems to have lost, because its class has a
 *   member of that name, stays as it is
 * @throws SessionError `INVALID_ARGUMENT` for data that JSON can't hold, that is too large, or an account that is none
 */
export function wantedContent(
  session: object,
  base: SessionContent | undefined,
  rules: ContentRules,
  now: number,
): WantedContent {
  const data = new Map<string, string>();
  let bytes = 0;
  for (const [key, value] of Object.entries(session)) {
    const text = isDataKey(key) ? jsonOf(key, value) : undefined;
    if (text === undefined) continue;
    data.set(key, text);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(text);
  }
  if (bytes > rules.dataMaxBytes) {
    throw invalidArgument('session', `must not hold more than dataMaxBytes (${rules.dataMaxBytes}) of JSON`, bytes);
  }
  for (const [key, text] of base?.data ?? []) if (!data.has(key) && key in session) data.set(key, text);
  const accountId = accountOf(data.get(rules.accountKey), rules.accountKey);
  const { text: cookie, ttl } = keptCookie('cookie' in session ? session.cookie : undefined, now);
  return { data, cookie, ttl, accountId };
}

/** @param texts attributes of the session of ours that holds the data */
export function keptContent(
  texts: { readonly [name: string]: string },
  accountId: string | undefined,
  { accountKey }: ContentRules,
): SessionContent {
  const data = dataOf(texts);
  const named = data.get(accountKey);
  // What is said here was proved by binding; an attribute of that name that was set past it proves nothing.
  if (accountId === undefined && named !== undefined && !isNobody(JSON.parse(named))) data.delete(accountKey);
  if (accountId !== undefined && (named === undefined || !isText(named, accountId))) {
    data.set(accountKey, JSON.stringify(accountId));
  }
  return { data, cookie: texts[cookieAttribute] };
}

export function changesBetween(base: SessionContent, wanted: SessionContent): ContentChanges {
  const data = new Map<string, string | undefined>();
  for (const [key, text] of wanted.data) if (base.data.get(key) !== text) data.set(key, text);
  for (const key of base.data.keys()) if (!wanted.data.has(key)) data.set(key, undefined);
  return { data, cookie: wanted.cookie === base.cookie ? undefined : wanted.cookie };
}

export const noChanges: ContentChanges = Object.freeze({ data: new Map(), cookie: undefined });

/** What changed between two moments, but where that was changed otherwise. */
export function lateChanges(before: SessionContent, now: SessionContent, otherwise: ContentChanges): ContentChanges {
  const { data, cookie } = changesBetween(before, now);
  const left = new Map([...data].filter(([key]) => !otherwise.data.has(key)));
  return { data: left, cookie: otherwise.cookie === undefined ? cookie : undefined };
}

export function withChanges(content: SessionContent, changes: ContentChanges): SessionContent {
  const data = new Map(content.data);
  for (const [key, text] of changes.data) {
    if (text === undefined) data.delete(key);
    else data.set(key, text);
  }
  return { data, cookie: changes.cookie ?? content.cookie };
}

export function isNothing(changes: ContentChanges): boolean {
  return changes.data.size === 0 && changes.cookie === undefined;
}

/** The same changes as attributes, `null` for those to delete. */
export function patchOf(changes: ContentChanges): Record<string, JsonValue> {
  const patch: Record<string, JsonValue> = {};
  for (const [key, text] of changes.data) {
    Object.assign(patch, attributesFor(key, text === undefined ? undefined : parsed(text)));
  }
  if (changes.cookie !== undefined) patch[cookieAttribute] = parsedCookie(changes.cookie);
  return patch;
}

/** A patch that sets all of the content. */
export function patchOfAll({ data, cookie }: SessionContent): Record<string, JsonValue> {
  return patchOf({ data, cookie });
}

/** The same, for a session that has no attributes yet. */
export function attributesOf(content: SessionContent): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(patchOfAll(content)).filter(([, value]) => value !== null));
}

/** A patch that takes all of the content away. */
export function patchOfNone({ data, cookie }: SessionContent): Record<string, JsonValue> {
  const gone = new Map([...data.keys()].map((key) => [key, undefined] as const));
  const patch = patchOf({ data: gone, cookie: undefined });
  return cookie === undefined ? patch : { ...patch, [cookieAttribute]: null };
}

/** The data as an object of its own. */
export function dataObject({ data }: SessionContent): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, text] of data) if (isDataKey(key)) object[key] = parsed(text);
  return object;
}

function parsed(text: string): JsonValue {
  return JSON.parse(text);
}

/** As other stores keep it, `undefined` for what JSON leaves out. */
function jsonOf(key: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw invalidArgument(`session key ${key}`, 'must be a JSON value', typeof value, error);
  }
}

/** Accounts that are numbers, as those of many databases are, go by their digits. */
function accountOf(text: string | undefined, accountKey: string): string | undefined {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isNobody(value)) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalidArgument(accountKey, 'must be a string or a number, or nothing to be bound to no account', value);
}

function isNobody(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === '';
}

function isText(text: string, accountId: string): boolean {
  const value: unknown = JSON.parse(text);
  return (typeof value === 'string' || typeof value === 'number') && String(value) === accountId;
}
