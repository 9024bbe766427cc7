import { reportFault } from '../errors/fault-report.js';
import { abort, isClosed, type RawResponse } from '../requests/raw-response.js';
import type { Answer } from './answer.js';

export function sendAnswer(raw: RawResponse, { status, headers, body }: Answer): void {
  if (isClosed(raw) || !setHeaders(raw, headers)) return;
  guardedBy(raw, () => {
    raw.statusCode = status;
    if (status !== 204) raw.setHeader('Content-Length', Buffer.byteLength(body));
    raw.end(body);
  });
}

/**
 * Sets headers in addition to those of the application. Its cookies and its `Vary` stay.
 * @returns whether that succeeded; otherwise the response is ended
 */
export function setHeaders(raw: RawResponse, headers: Readonly<Record<string, string>>): boolean {
  return guardedBy(raw, () => {
    for (const [name, value] of Object.entries(headers)) {
      if (name === 'set-cookie') appendCookie(raw, value);
      else if (name === 'vary') appendVary(raw, value);
      else raw.setHeader(name, value);
    }
  });
}

/** Adds a cookie, and keeps the cookies that the application set. */
export function appendCookie(raw: RawResponse, cookie: string): void {
  const before = raw.getHeader('set-cookie');
  const cookies = before === undefined ? [] : Array.isArray(before) ? before : [String(before)];
  raw.setHeader('set-cookie', [...cookies, cookie]);
}

function appendVary(raw: RawResponse, name: string): void {
  const before = raw.getHeader('vary');
  raw.setHeader('vary', before === undefined ? name : `${String(before)}, ${name}`);
}

/** Middleware may have wrapped every method of the response, so each of them may throw. */
function guardedBy(raw: RawResponse, step: () => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    reportFault('The answer to a request could not be sent', error);
    abort(raw);
    return false;
  }
}
