/** The path and the query of a request target, as the client sent them. */
export interface RequestTarget {
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/**
 * Matches the start of the absolute form, `http://host/path`. A server must accept it for every host (RFC 9112, 3.2.2).
 */
const schemeAndHost = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Splits a request target. Accepts any text, because a client may send any text; `new URL` throws for some texts, such
 * as `http://x:99999/` or `//`. Decodes nothing.
 *
 * @param target the `url` of a request of Node
 */
export function requestTarget(target: string | undefined): RequestTarget {
  const [relative = ''] = (target ?? '').replace(schemeAndHost, '').split('#', 1);
  const mark = relative.indexOf('?');
  const path = mark === -1 ? relative : relative.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : relative.slice(mark + 1) };
}

/** Returns the parameters of the query. A repeated parameter becomes a list. Invalid escapes stay unchanged. */
export function queryOfTarget(target: string | undefined): { readonly [name: string]: unknown } {
  return parametersOf(requestTarget(target).query);
}

/**
 * Matches the characters that `URLSearchParams` may change: it decodes escapes and the plus sign, and replaces
 * characters beyond ASCII that are not well-formed.
 */
const encoded = /[%+]|[^\x20-\x7e]/;

/** @param query without the question mark */
export function parametersOf(query: string): { readonly [name: string]: unknown } {
  const parameters = new Parameters();
  // Nearly every query of a poll is plain. Splitting it here takes half of the time that `URLSearchParams` takes.
  if (encoded.test(query)) for (const [name, value] of new URLSearchParams(query)) add(parameters, name, value);
  else addPlain(parameters, query);
  return parameters;
}

/**
 * Inherits no members, so that a name such as `constructor` finds nothing. `Object.create(null)` makes a slower object.
 */
class Parameters {
  [name: string]: string | string[];
}
Reflect.deleteProperty(Parameters.prototype, 'constructor');
Object.setPrototypeOf(Parameters.prototype, null);

/**
 * Names of the parameters of polls and streams. A name that is cut out of a query is a new string each time. V8 stores
 * a value under a new string several times more slowly than under a string that was a property name before.
 */
const names = ['after', 'reader', 'wait', 'limit', 'app'] as const;

function addPlain(parameters: Parameters, query: string): void {
  // Like `URLSearchParams`, skip one question mark at the beginning.
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
