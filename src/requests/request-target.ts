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
  const parameters = new URLSearchParams(requestTarget(target).query);
  const query: Record<string, unknown> = Object.create(null);
  for (const name of parameters.keys()) {
    const values = parameters.getAll(name);
    query[name] = values.length === 1 ? values[0] : values;
  }
  return query;
}
