const authorization = /^Bearer +[0-9A-Za-z]+ *$/i;
const scheme = 'Bearer';

/** @param header the request's `Authorization` header */
export function bearerTokenIn(header: string | undefined): string | undefined {
  return header !== undefined && authorization.test(header) ? header.slice(scheme.length).trim() : undefined;
}
