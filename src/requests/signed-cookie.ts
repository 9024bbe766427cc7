import { createHmac, timingSafeEqual } from 'node:crypto';
import { cookieValues } from './cookies.js';

/** Prefix of the signed value in the cookie of express-session. */
export const expressPrefix = 's:';

/**
 * Returns the session id in the cookie of express-session or @fastify/session: `<prefix><sid>.<signature>`,
 * URL-encoded. The first cookie of this name and form counts. Returns `undefined` if its signature was made with none
 * of the secrets.
 *
 * @param header the request's `Cookie` header
 */
export function sidInCookies(
  header: string | undefined,
  name: string,
  prefix: string,
  secrets: readonly string[],
): string | undefined {
  for (const value of cookieValues(header, name)) {
    const text = decoded(value);
    if (text.startsWith(prefix) && text.lastIndexOf('.') > prefix.length) {
      return unsigned(text.slice(prefix.length), secrets);
    }
  }
  return undefined;
}

function unsigned(signed: string, secrets: readonly string[]): string | undefined {
  const dot = signed.lastIndexOf('.');
  const sid = signed.slice(0, dot);
  const signature = Buffer.from(signed.slice(dot + 1));
  let fits = false;
  for (const secret of secrets) if (isSignature(signature, sid, secret)) fits = true;
  return fits ? sid : undefined;
}

/** Compares in constant time, so that the duration does not reveal how much of a forged signature is right. */
function isSignature(signature: Buffer, sid: string, secret: string): boolean {
  const base64 = createHmac('sha256', secret).update(sid).digest('base64');
  const expected = Buffer.from(base64.replace(/=+$/, ''));
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

/**
 * Decodes a value. Browsers return it as it was set, or in quotes. A value with an invalid URL encoding becomes `''`:
 * such a value is not signed either.
 */
function decoded(value: string): string {
  const bare = value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  try {
    return decodeURIComponent(bare);
  } catch {
    return '';
  }
}
