import { hash } from 'node:crypto';
import { isAttributeKey } from '../store/session-arguments.js';

/** Prefix of the attributes that only this folder uses. */
const reservedPrefix = '~';
const escapePrefix = `${reservedPrefix}=`;
const maxNameLength = 128;

/** Attributes in addition to the application's data. */
export const cookieAttribute = `${reservedPrefix}cookie`;
export const sidAttribute = `${reservedPrefix}sid`;
export const bindingAttribute = `${reservedPrefix}binding`;
/** The generation of the last binding whose data have been removed from the visitor session. */
export const settledAttribute = `${reservedPrefix}settled`;
/** The previous binding, while its login session still has to be closed. */
export const formerAttribute = `${reservedPrefix}former`;
/** Set before the sessions of a sid are closed, so that a request that binds the sid at the same time detects it. */
export const closingAttribute = `${reservedPrefix}closing`;

/**
 * Keys with a special meaning in JavaScript. express-session drops them when it loads a session; another framework that
 * copies them would replace the prototype of the copy.
 */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a key of `req.session` is stored as data. The cookie is stored separately; forbidden keys never are. */
export function isDataKey(key: string): boolean {
  return key !== 'cookie' && !forbiddenKeys.has(key);
}

/**
 * Adds the attributes that store one key of `req.session`, as JSON texts, or `null` for an attribute to delete.
 *
 * A key that is a valid attribute name is stored under its own name, so that `session.getAttr(key)` finds it. Two
 * things can't be stored that way: the value `null`, and keys that are not valid attribute names. They are stored as
 * the pair `[key, value]` under an escaped name. Each key is in at most one of the two places, so every change clears
 * the other.
 *
 * @param text JSON text of the value; `undefined` to delete the key
 */
export function addAttributesFor(patch: Record<string, string | null>, key: string, text: string | undefined): void {
  const isPlain = isPlainName(key) && text !== 'null';
  if (isPlainName(key)) patch[key] = isPlain ? (text ?? null) : null;
  patch[escapedNameOf(key)] = isPlain || text === undefined ? null : `[${JSON.stringify(key)},${text}]`;
}

function isPlainName(key: string): boolean {
  return isAttributeKey(key) && !key.startsWith(reservedPrefix);
}

function escapedNameOf(key: string): string {
  const isReadable = isPlainName(key) && key.length + escapePrefix.length <= maxNameLength && !key.startsWith('#');
  return escapePrefix + (isReadable ? key : `#${hash('sha256', key, 'base64url')}`);
}

/** Returns the application's data among the attributes of a session: JSON text by key of `req.session`. */
export function dataOf(texts: { readonly [name: string]: string }): Map<string, string> {
  const data = new Map<string, string>();
  for (const name of Object.keys(texts)) {
    const text = texts[name] ?? '';
    if (!name.startsWith(reservedPrefix)) {
      data.set(name, text);
    } else if (name.startsWith(escapePrefix)) {
      const pair: unknown = JSON.parse(text);
      if (!isPair(pair) || !isDataKey(pair[0])) continue;
      // If other code than this folder also wrote the plain attribute, the plain attribute is newer.
      if (!isPlainName(pair[0]) || texts[pair[0]] === undefined) data.set(pair[0], JSON.stringify(pair[1]));
    }
  }
  data.delete('cookie');
  return data;
}

function isPair(value: unknown): value is readonly [string, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}
