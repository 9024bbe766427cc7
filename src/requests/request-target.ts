/** The path and the query of a request target, as the client sent them. */
export interface RequestTarget {
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** The absolute form, `http://host/path`: a server must accept it, whatever the host is (RFC 9112, 3.2.2). */
const schemeAndHost = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Splits a request target. Any text is accepted, because a client may send any; `new URL` throws for some, such as
 * `http://x:99999/` or `//`. Nothing is decoded.
 *
 * @param target the `url` of a request of Node
 */
export function requestTarget(target: string | undefined): RequestTarget {
  const [relative = ''] = (target ?? '').replace(schemeAndHost, '').split('#', 1);
  const mark = relative.indexOf('?');
  const path = mark === -1 ? relative : relative.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : relative.slice(mark + 1) };
}

/** The parameters of the query. A repeated parameter becomes a list. Escapes that are not valid stay as they are. */
export function queryOfTarget(target: string | undefined): { readonly [name: string]: unknown } {
  return parametersOf(requestTarget(target).query);
}

/** What `URLSearchParams` decodes: escapes, and the plus sign; it also replaces what is beyond ASCII and not well-formed. */
const encoded = /[%+]|[^\x20-\x7e]/;

/** @param query without the question mark */
export function parametersOf(query: string): { readonly [name: string]: unknown } {
  const parameters: Record<string, unknown> = Object.create(null);
  // Nearly every query of a poll is plain, and to split it takes a fifth of the time.
  const pairs = encoded.test(query) ? new URLSearchParams(query) : plainPairs(query);
  for (const [name, value] of pairs) {
    const before = parameters[name];
    parameters[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return parameters;
}

function plainPairs(query: string): (readonly [name: string, value: string])[] {
  const pairs: (readonly [name: string, value: string])[] = [];
  // `URLSearchParams` takes one question mark at the beginning for the one before the query.
  for (const pair of (query.startsWith('?') ? query.slice(1) : query).split('&')) {
    if (pair === '') continue;
    const mark = pair.indexOf('=');
    pairs.push(mark === -1 ? [pair, ''] : [pair.slice(0, mark), pair.slice(mark + 1)]);
  }
  return pairs;
}
