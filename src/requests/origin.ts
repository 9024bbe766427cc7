/** An origin in the three parts by which origins are compared. */
export interface Origin {
  /** In lower case, without the colon. */
  readonly scheme: string;
  /** In lower case. */
  readonly host: string;
  /** Empty for the scheme's default port, written or not. */
  readonly port: string;
}

/** Matches no text with a path, user, wildcard or list: none of these is ever part of an origin. */
const originForm = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#@\\,*%]+)$/i;
const authorityForm = /^[^\s/?#@\\,*%]+$/;

/** Returns the parts of an origin such as `https://app.example.com`; `undefined` for anything else, such as `null`. */
export function parseOrigin(text: string): Origin | undefined {
  const [, scheme = '', authority = ''] = originForm.exec(text) ?? [];
  return scheme === '' ? undefined : originAt(scheme.toLowerCase(), authority);
}

/** Returns the origin that has this scheme, and the host and port of a `Host` header. */
export function originOfHost(scheme: string, host: string | undefined): Origin | undefined {
  return host !== undefined && authorityForm.test(host) ? originAt(scheme, host) : undefined;
}

export function isSameOrigin(one: Origin, other: Origin): boolean {
  return one.scheme === other.scheme && one.host === other.host && one.port === other.port;
}

function originAt(scheme: string, authority: string): Origin | undefined {
  const text = `${scheme}://${authority}`;
  if (!URL.canParse(text)) return undefined;
  const { hostname, port } = new URL(text);
  // The URL parser drops default ports, but converts the host to lower case only for schemes such as http and https.
  return hostname === '' ? undefined : { scheme, host: hostname.toLowerCase(), port };
}
