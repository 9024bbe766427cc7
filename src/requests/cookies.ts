const tokenForm = /^[0-9A-Za-z]+$/;
/** Length of the tokens of this library and of redis-sessions. */
const tokenLength = 64;

/** Whether a value has the form of a token. Only the store knows whether the token is valid. */
export function isTokenText(value: unknown): value is string {
  return typeof value === 'string' && tokenForm.test(value);
}

/**
 * Adds `__Host-` if the cookie is `Secure`: no subdomain and no page loaded without TLS can set a cookie of that name.
 */
export function sessionCookieName(secure: boolean): '__Host-sid' | 'sid' {
  return secure ? '__Host-sid' : 'sid';
}

/**
 * Yields the values of the cookies of this name, as sent, in order.
 * @param header the request's `Cookie` header
 */
export function* cookieValues(header: string | undefined, name: string): Generator<string> {
  if (header === undefined) return;
  const prefix = `${name}=`;
  for (const pair of header.split(';')) {
    const trimmed = withoutSurroundingSpace(pair);
    if (trimmed.startsWith(prefix)) yield trimmed.slice(prefix.length);
  }
}

/**
 * Returns the distinct tokens in the cookies of this name, in order. Skips other values: they come from another
 * application, and must not hide the token.
 */
export function tokensInCookies(header: string | undefined, name: string): readonly string[] {
  const tokens = new Set<string>();
  for (const value of cookieValues(header, name))
    if (value.length === tokenLength && isTokenText(value)) tokens.add(value);
  return [...tokens];
}

/**
 * Removes the spaces and tabs that RFC 6265 allows around a cookie's name. `String.trim` removes more: it would turn the
 * name `\xA0__Host-sid` into `__Host-sid`. Browsers let any subdomain set a cookie `\xA0__Host-sid`, because its name
 * does not begin with `__Host-`. Not by a regular expression: to find the spaces at the end, it would try every space
 * of the text, which takes half a second for a header of 16 kB.
 */
function withoutSurroundingSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpaceAt(text, start)) start += 1;
  while (end > start && isSpaceAt(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isSpaceAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 0x20 || code === 0x09;
}
