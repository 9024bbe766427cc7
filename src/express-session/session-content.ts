import { invalidArgument } from '../errors/session-error.js';
import type { AttributePatch } from '../store/session-store.js';
import { type AccountRules, accountIn, isAccount, isNoAccount } from './account-of.js';
import { addAttributesFor, cookieAttribute, dataOf, isDataKey } from './attribute-names.js';
import { storedCookie } from './cookie-data.js';
import { requireStorableJson } from './json-bounds.js';

/** Content of `req.session` at one moment. */
export interface SessionContent {
  /** JSON text by key, in the order of the object. */
  readonly data: ReadonlyMap<string, string>;
  /** Text of a `StoredCookie`; `undefined` if there is no cookie. */
  readonly cookie: string | undefined;
}

/** Cookie that a request wants to be stored. */
export interface WantedCookie {
  readonly cookie: string;
  /** Idle time in milliseconds; 0 or less if the cookie has expired. `undefined` if the cookie names none. */
  readonly ttl: number | undefined;
}

/** Content that a request wants to be stored. */
export interface WantedContent extends SessionContent, WantedCookie {
  readonly cookie: string;
  /** Account to which the sid will be bound; `undefined` for none. */
  readonly accountId: string | undefined;
}

/** Rules for the content of `req.session`. */
export interface ContentRules extends AccountRules {
  /** Maximum bytes of all keys and JSON texts together. */
  readonly dataMaxBytes: number;
}

export interface ContentChanges {
  /** JSON text of each changed key; `undefined` for a deleted key. */
  readonly data: ReadonlyMap<string, string | undefined>;
  /** Text of the new cookie; `undefined` if the cookie did not change. */
  readonly cookie: string | undefined;
}

/**
 * Copies the content of the object. Later changes to the object do not affect the copy.
 * @param base the content that the object was loaded with. If the object's class has a member with the name of a key,
 *   the key can't be one of the object's own entries although it was not deleted. Such a key keeps its loaded text. An
 *   own entry whose value JSON leaves out, for example `undefined`, counts as deleted
 * @throws SessionError `INVALID_ARGUMENT` for data that JSON can't represent or that are too large, or for a value of
 *   the account key that is not an account id
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

/** Returns the part of `wantedContent` that a renewal stores. */
export function wantedCookie(session: object, now: number): WantedCookie {
  const { text, ttl } = storedCookie('cookie' in session ? session.cookie : undefined, now);
  return { cookie: text, ttl };
}

/**
 * Returns the content that is stored in the attributes of a session.
 * @param accountId the account that the sid is bound to. It determines the value of the account key. Other code may
 *   have set an attribute of that name, which must not make a visitor look logged in
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

/**
 * Returns the changes that other requests made between two reads, without the keys that this request changes itself.
 */
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
 * Returns the changes as a patch of attributes.
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

/** Returns a patch that sets the whole content. */
export function patchOfAll({ data, cookie }: SessionContent): AttributePatch {
  return patchOf({ data, cookie });
}

/** Returns a patch that deletes the whole content. */
export function patchOfNone({ data, cookie }: SessionContent): AttributePatch {
  const deleted = new Map([...data.keys()].map((key) => [key, undefined] as const));
  const patch = patchOf({ data: deleted, cookie: undefined });
  return cookie === undefined ? patch : { ...patch, [cookieAttribute]: null };
}

/** Returns the content as attributes of a new session. */
export function attributesOf(content: SessionContent): Record<string, string> {
  const attributes: Record<string, string> = Object.create(null);
  for (const [name, text] of Object.entries(patchOfAll(content))) if (text !== null) attributes[name] = text;
  return attributes;
}

/** Whether `Object.entries` includes the key. */
function isOwnEntry(session: object, key: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(session, key);
}

/** Returns the JSON text, or `undefined` for a value that JSON leaves out. Other session stores leave it out, too. */
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
