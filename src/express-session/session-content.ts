import { invalidArgument } from '../errors/session-error.js';
import type { AttributePatch } from '../store/session-store.js';
import { type AccountRules, accountIn, isAccount, isNoAccount } from './account-of.js';
import { addAttributesFor, cookieAttribute, dataOf, isDataKey } from './attribute-names.js';
import { storedCookie } from './cookie-data.js';
import { requireStorableJson } from './json-bounds.js';

/** What `req.session` holds at one moment. */
export interface SessionContent {
  /** JSON text by key, in the order of the object. */
  readonly data: ReadonlyMap<string, string>;
  /** The text of a `StoredCookie`; `undefined` when there is none. */
  readonly cookie: string | undefined;
}

/** What a request wants of the cookie. */
export interface WantedCookie {
  readonly cookie: string;
  /** Idle time in milliseconds; 0 or less when the cookie has expired. */
  readonly ttl: number | undefined;
}

/** What a request wants to be stored. */
export interface WantedContent extends SessionContent, WantedCookie {
  readonly cookie: string;
  /** The account that the sid is to be bound to; `undefined` for none. */
  readonly accountId: string | undefined;
}

/** How the application uses `req.session`. */
export interface ContentRules extends AccountRules {
  /** Limit of the bytes of all keys and JSON texts together. */
  readonly dataMaxBytes: number;
}

/** Keys whose JSON text changed; `undefined` for a deleted key. A cookie of `undefined` did not change. */
export interface ContentChanges {
  readonly data: ReadonlyMap<string, string | undefined>;
  readonly cookie: string | undefined;
}

/**
 * Takes a copy of what the object holds now; later changes to the object have no effect on it.
 * @param base the content that the object was loaded with. A key that the object's class has a member for is missing in
 *   its own entries without having been deleted: such a key keeps its loaded text. An own entry whose value JSON leaves
 *   out, such as `undefined`, was deleted
 * @throws SessionError `INVALID_ARGUMENT` for data that JSON can't represent or that are too large, or for a value of
 *   the account key that is no account id
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
  for (const [key, text] of base?.data ?? []) {
    if (!data.has(key) && key in session && !isOwnEntry(session, key)) data.set(key, text);
  }
  const accountId = accountIn(data, rules);
  const { cookie, ttl } = wantedCookie(session, now);
  return { data, cookie, ttl, accountId };
}

/** The part of `wantedContent` that a renewal stores. */
export function wantedCookie(session: object, now: number): WantedCookie {
  const { text, ttl } = storedCookie('cookie' in session ? session.cookie : undefined, now);
  return { cookie: text, ttl };
}

/**
 * The content that is stored in the attributes of a session.
 * @param accountId the account that the sid is bound to. It decides what the account key holds: an attribute of that
 *   name may have been set by other code, and must not make a visitor look logged in
 */
export function storedContent(
  texts: { readonly [name: string]: string },
  accountId: string | undefined,
  { accountKey, accountOf }: ContentRules,
): SessionContent {
  const data = dataOf(texts);
  if (accountOf !== undefined) return { data, cookie: texts[cookieAttribute] };
  const named = data.get(accountKey);
  if (accountId === undefined && named !== undefined && !isNoAccount(JSON.parse(named))) data.delete(accountKey);
  if (accountId !== undefined && (named === undefined || !isAccount(JSON.parse(named), accountId))) {
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

/** What other requests changed between two reads, without the keys that this request changes itself. */
export function changesByOthers(before: SessionContent, after: SessionContent, own: ContentChanges): ContentChanges {
  const { data, cookie } = changesBetween(before, after);
  const others = new Map([...data].filter(([key]) => !own.data.has(key)));
  return { data: others, cookie: own.cookie === undefined ? cookie : undefined };
}

export function withChanges(content: SessionContent, changes: ContentChanges): SessionContent {
  const data = new Map(content.data);
  for (const [key, text] of changes.data) {
    if (text === undefined) data.delete(key);
    else data.set(key, text);
  }
  return { data, cookie: changes.cookie ?? content.cookie };
}

export function isEmpty(changes: ContentChanges): boolean {
  return changes.data.size === 0 && changes.cookie === undefined;
}

/**
 * The changes as a patch of attributes.
 * @throws SessionError `INVALID_ARGUMENT` for a value that attributes may not contain
 */
export function patchOf(changes: ContentChanges): AttributePatch {
  const patch: Record<string, string | null> = {};
  for (const [key, text] of changes.data) {
    if (text !== undefined) requireStorableJson(argumentOf(key), text);
    addAttributesFor(patch, key, text);
  }
  if (changes.cookie !== undefined) patch[cookieAttribute] = changes.cookie;
  return patch;
}

/** A patch that sets all of the content. */
export function patchOfAll({ data, cookie }: SessionContent): AttributePatch {
  return patchOf({ data, cookie });
}

/** A patch that deletes all of the content. */
export function patchOfNone({ data, cookie }: SessionContent): AttributePatch {
  const deleted = new Map([...data.keys()].map((key) => [key, undefined] as const));
  const patch = patchOf({ data: deleted, cookie: undefined });
  return cookie === undefined ? patch : { ...patch, [cookieAttribute]: null };
}

/** The content as the attributes of a new session. */
export function attributesOf(content: SessionContent): Record<string, string> {
  const attributes: Record<string, string> = Object.create(null);
  for (const [name, text] of Object.entries(patchOfAll(content))) if (text !== null) attributes[name] = text;
  return attributes;
}

/** Whether `Object.entries` has it. */
function isOwnEntry(session: object, key: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(session, key);
}

/** `undefined` for what JSON leaves out, as in other session stores. */
function jsonOf(key: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw invalidArgument(argumentOf(key), 'must be a JSON value', typeof value, error);
  }
}

function argumentOf(key: string): string {
  return `session key ${key}`;
}
