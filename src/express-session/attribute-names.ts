import { hash } from 'node:crypto';
import { isAttributeKey } from '../store/session-arguments.js';
import type { JsonValue } from '../validation/json-value.js';

/** What begins so belongs to this folder, and is no data of the application's. */
const own = '~';
const escaped = `${own}=`;
const longest = 128;

/** Attributes besides the data. */
export const cookieAttribute = `${own}cookie`;
export const sidAttribute = `${own}sid`;
export const bindingAttribute = `${own}binding`;
/** The binding whose data have left the visitor session. */
export const settledAttribute = `${own}settled`;
/** The binding before, whose session is about to be closed. */
export const formerAttribute = `${own}former`;
/** Set before the sessions of a sid are closed: who is about to bind it learns that it is too late. */
export const endingAttribute = `${own}ending`;

/**
 * Names that JavaScript gives a meaning of its own. express-session leaves them out when it loads a session, and another
 * framework that copies them would set the prototype of what it copies them to.
 */
const reserved: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a key of `req.session` is kept: all but the cookie, which goes its own way, and what would be an attack. */
export function isDataKey(key: string): boolean {
  return key !== 'cookie' && !reserved.has(key);
}

/**
 * How a value of `req.session` is kept: under its own name, where attributes allow it, so that `session.getAttr(key)`
 * gives it. They can't be `null`, and not every key will do; such a value is kept with its key in an attribute whose
 * name is made of the key. A key is in one of the two ways only, so each change clears the other.
 */
export function attributesFor(key: string, value: JsonValue | undefined): { readonly [name: string]: JsonValue } {
  const escapedName = escapeOf(key);
  if (!isPlain(key)) return { [escapedName]: value === undefined ? null : [key, value] };
  if (value === undefined) return { [key]: null, [escapedName]: null };
  return value === null ? { [key]: null, [escapedName]: [key, null] } : { [key]: value, [escapedName]: null };
}

function isPlain(key: string): boolean {
  return isAttributeKey(key) && !key.startsWith(own);
}

function escapeOf(key: string): string {
  const readable = isPlain(key) && key.length + escaped.length <= longest && !key.startsWith('#');
  return escaped + (readable ? key : `#${hash('sha256', key, 'base64url')}`);
}

/** The data among attributes, as JSON text by key of `req.session`. */
export function dataOf(texts: { readonly [name: string]: string }): Map<string, string> {
  const data = new Map<string, string>();
  for (const [name, text] of Object.entries(texts)) {
    if (!name.startsWith(own)) {
      data.set(name, text);
    } else if (name.startsWith(escaped)) {
      const pair: unknown = JSON.parse(text);
      if (!isPair(pair) || !isDataKey(pair[0])) continue;
      // Should it be in both ways, because it was written past this folder, its own name has the newer value.
      if (!isPlain(pair[0]) || texts[pair[0]] === undefined) data.set(pair[0], JSON.stringify(pair[1]));
    }
  }
  data.delete('cookie');
  return data;
}

function isPair(value: unknown): value is readonly [string, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}
