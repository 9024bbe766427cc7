const tokenForm = /^[0-9A-Za-z]+$/;
/** The length of our tokens and of those of redis-sessions. */
const tokenLength = 64;

/** Whether a value has the form of a token; whether it is one, only the store knows. */
export function isTokenText(value: unknown): value is string {
  return typeof value === 'string' && tokenForm.test(value);
}

/** `__Host-` where the cookie is `Secure`: no subdomain and no page loaded without TLS can set a cookie of that name. */
export function sessionCookieName(secure: boolean): '__Host-sid' | 'sid' {
  return secure ? '__Host-sid' : 'sid';
}

/**
 * The space and the tab that RFC 6265 lets surround a cookie's name. `String.trim` removes more: a cookie `\xA0__Host-sid`,
 * which a browser lets any subdomain set because it has no `__Host-` prefix for the browser, would have our name.
 */
const surroundingSpace = /^[ \t]+|[ \t]+$/g;

/**
 * The values of the cookies of this name, as sent, in order.
 * @param header the request's `Cookie` header
 */
export function* cookieValues(header: string | undefined, name: string): Generator<string> {
  if (header === undefined) return;
  const prefix = `${name}=`;
  for (const pair of header.split(';')) {
    const trimmed = pair.replace(surroundingSpace, '');
    if (trimmed.startsWith(prefix)) yield trimmed.slice(prefix.length);
  }
}

/**
 * The different tokens in the cookies of this name, in order. Other values are passed over: they come from another
 * application, and must not hide the token.
 */
export function tokensInCookies(header: string | undefined, name: string): readonly string[] {
  const tokens = new Set<string>();
  for (const value of cookieValues(header, name))
    if (value.length === tokenLength && isTokenText(value)) tokens.add(value);
  return [...tokens];
}
