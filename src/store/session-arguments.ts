import { type CloseReason, closeReasons, isCloseReason } from '../errors/close-reason.js';
import { invalidArgument, sessionUnknown } from '../errors/session-error.js';
import { isPlainText, requireWholeNumber } from '../validation/argument-rules.js';
import { isSessionId, parseToken } from './session-token.js';

/** Form of the names of apps, as `appRule` says. */
export const appPattern = /^[A-Za-z0-9_-]{1,64}$/;
/** Completes the sentence "the name of an app …". */
export const appRule = 'must be 1 to 64 letters, digits, _ and -';
/** Keys with a meaning in JavaScript. As attribute keys they could pollute prototypes. */
const reservedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const pageCursorPattern = /^[0-9A-Za-z_.:-]{1,128}$/;
export const userAgentLength = 512;

export const defaultApp = 'default';

/**
 * The app of the sessions by which nodes with a console exchange their figures. They are no logins, so their silence
 * and their expiry are no events, also at nodes without a console.
 */
export const nodesApp = 'session-mailbox-console';

export function requireAccountId(value: unknown): string {
  if (isPlainText(value, 256) && value !== '') return value;
  throw invalidArgument('accountId', 'must be a string of 1 to 256 characters without control characters', value);
}

export function requireApp(value: unknown): string {
  if (typeof value === 'string' && appPattern.test(value)) return value;
  throw invalidArgument('app', `must match ${appPattern.source}`, value);
}

/**
 * Returns the session id, or `undefined` for a value that can't be an id.
 * @throws SessionError `INVALID_ARGUMENT` for a token: it is a mistake of the calling code, and would otherwise look
 * like a session that has ended
 */
export function sessionIdOf(value: unknown, argument = 'id'): string | undefined {
  if (isSessionId(value)) return value;
  if (parseToken(value) === undefined) return undefined;
  throw invalidArgument(argument, 'must be the id of a session, and a token was given', value);
}

/**
 * Treats a malformed id like an unknown one, so that callers have one case to handle, not two.
 * @throws SessionError `SESSION_UNKNOWN`, or `INVALID_ARGUMENT` for a token
 */
export function requireSessionId(value: unknown, argument = 'id'): string {
  const id = sessionIdOf(value, argument);
  if (id === undefined) throw sessionUnknown();
  return id;
}

export function isAttributeKey(value: unknown): value is string {
  return isPlainText(value, 128) && value !== '' && !reservedKeys.has(value);
}

export function requireAttributeKey(value: unknown): string {
  if (isAttributeKey(value)) return value;
  const rule = `must be a string of 1 to 128 characters without control characters, and none of ${[...reservedKeys].join(', ')}`;
  throw invalidArgument('attribute key', rule, value);
}

export function requireIp(value: unknown): string {
  if (isPlainText(value, 64)) return value;
  throw invalidArgument('ip', 'must be a string of at most 64 characters without control characters', value);
}

/** Cuts the user agent to 512 characters and never refuses it: clients choose it, and a login must not fail for it. */
export function requireUserAgent(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, userAgentLength).toWellFormed();
  throw invalidArgument('userAgent', 'must be a string', value);
}

/** @param value an idle time, in milliseconds */
export function requireTtl(value: unknown): number {
  return requireWholeNumber('ttl', value, 1, Number.MAX_SAFE_INTEGER);
}

/** @param value the strength of a proof of identity */
export function requireLevel(value: unknown): number {
  return requireWholeNumber('level', value, 0, 255);
}

/** @param value the name of a session, unique within its account */
export function requireSessionName(value: unknown): string {
  if (isPlainText(value, 256) && value !== '') return value;
  throw invalidArgument('name', 'must be a string of 1 to 256 characters without control characters', value);
}

/**
 * Requires a reason that ends a session. With a reason that tells clients to come back, clients would retry for ever.
 */
export function requireCloseReason(value: unknown): CloseReason {
  if (isCloseReason(value) && !closeReasons[value].reconnect) return value;
  const ending = Object.entries(closeReasons).filter(([, { reconnect }]) => !reconnect);
  throw invalidArgument('reason', `must be one of ${ending.map(([reason]) => reason).join(', ')}`, value);
}

export function requirePageCursor(value: unknown): string {
  if (typeof value === 'string' && pageCursorPattern.test(value)) return value;
  throw invalidArgument('cursor', 'must be the cursor of a page', value);
}
