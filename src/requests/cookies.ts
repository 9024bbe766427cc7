const tokenForm = /^[0-9A-Za-z]+$/;

/** Whether a value has the form of a token; whether it is one, only the store knows. */
export function isTokenText(value: unknown): value is string {
  return typeof value === 'string' && tokenForm.test(value);
}

/** `__Host-` where the cookie is `Secure`: no subdomain and no page loaded without TLS can set a cookie of that name. */
export function sessionCookieName(secure: boolean): '__Host-sid' | 'sid' {
  return secure ? '__Host-sid' : 'sid';
}

/**
 * The values of the cookies of this name, as sent, in order.
 * @param header the request's `Cookie` header
 */
export function* cookieValues(header: string | undefined, name: string): Generator<string> {
  if (header === undefined) return;
  const prefix = `${name}=`;
  for (const pair of header.split(';')) {
    const trimmed = pair.trim();
    if (trimmed.startsWith(prefix)) yield trimmed.slice(prefix.length);
  }
}

/** The first value of a cookie of this name that has the form of a token. */
export function tokenInCookies(header: string | undefined, name: string): string | undefined {
  for (const value of cookieValues(header, name)) if (isTokenText(value)) return value;
  return undefined;
}
