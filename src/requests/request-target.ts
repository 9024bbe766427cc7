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
  const parameters = new Parameters();
  // Nearly every query of a poll is plain, and to split it takes half of the time.
  if (encoded.test(query)) for (const [name, value] of new URLSearchParams(query)) add(parameters, name, value);
  else addPlain(parameters, query);
  return parameters;
}

/** Has no prototype, so that a name such as `constructor` finds nothing. `Object.create(null)` makes a slower object. */
class Parameters {
  [name: string]: string | string[];
}
Reflect.deleteProperty(Parameters.prototype, 'constructor');
Object.setPrototypeOf(Parameters.prototype, null);

/**
 * The names that polls and streams have. One that is cut out of a query is a new string each time, and V8 is several times
 * slower to store a value by it than by a string that it has seen as a name.
 */
const names = ['after', 'reader', 'wait', 'limit', 'app'] as const;

function addPlain(parameters: Parameters, query: string): void {
  // `URLSearchParams` takes one question mark at the beginning for the one before the query.
  for (let start = query.startsWith('?') ? 1 : 0; start < query.length; ) {
    const and = query.indexOf('&', start);
    const end = and === -1 ? query.length : and;
    const mark = query.indexOf('=', start);
    if (mark === -1 || mark > end) {
      if (end > start) add(parameters, query.slice(start, end), '');
    } else {
      add(parameters, query.slice(start, mark), query.slice(mark + 1, end));
    }
    start = end + 1;
  }
}

function add(parameters: Parameters, given: string, value: string): void {
  const name = names.find((each) => each === given) ?? given;
  const before = parameters[name];
  if (before === undefined) parameters[name] = value;
  else if (typeof before === 'string') parameters[name] = [before, value];
  else before.push(value);
}
