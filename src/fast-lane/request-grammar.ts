/*
 * The part of HTTP/1.1 that the lane reads, on purpose less than RFC 9112 allows. All other texts are left to
 * `node:http`, so that no text has one meaning for the lane and another for `node:http`. This form has only one kind of
 * line end, no continued line, no byte beyond printable ASCII, and no repeated header. Only one plain `Content-Length`
 * says where a body ends.
 */

/** Longer heads are left to `node:http`. */
export const mostHeadBytes = 8_192;
/** Heads with more headers are left to `node:http`. */
export const mostHeaders = 64;

/** Lines `Name: value`, with at most one space after the colon, and the empty line after them. */
const headerBlock = /^(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?)+\r\n\r\n$/;

/**
 * Headers by which a request may have a body of unknown length, change the protocol, or end the connection. Also
 * headers that only `node:http` may judge, and a `Connection` other than `keep-alive`.
 */
const unusual =
  /\r\n(?:transfer-encoding|trailer|te|upgrade|expect|keep-alive|proxy-connection|http2-settings|connection(?!: ?keep-alive\r\n)):/i;

/** The headers of a request, by name in lower case. */
export type Headers = ReadonlyMap<string, string>;

/**
 * Reads the headers of a request.
 * @param block from the line end of the request line to the end of the empty line
 * @returns undefined for unusual headers
 */
export function headersOf(block: string): Headers | undefined {
  if (!headerBlock.test(block) || unusual.test(block)) return undefined;
  const headers = new Map<string, string>();
  for (const line of block.slice(2, -4).split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (headers.has(name)) return undefined;
    headers.set(name, line.charCodeAt(colon + 1) === 32 ? line.slice(colon + 2) : line.slice(colon + 1));
  }
  // `node:http` refuses a request without `Host`. An empty `Host` is left to `node:http` too.
  return headers.size > mostHeaders || !headers.get('host') ? undefined : headers;
}

/** Positions of the request line and the headers of a request in a text. */
export interface HeadPlace {
  /** Start of the line end after the request line. */
  readonly line: number;
  /** End of the empty line. */
  readonly end: number;
}

/** @returns undefined when the head is not complete, or too long */
export function headPlaceOf(text: string, start: number): HeadPlace | undefined {
  const line = text.indexOf('\r\n', start);
  if (line === -1) return undefined;
  const last = text.indexOf('\r\n\r\n', line);
  return last === -1 || last + 4 - start > mostHeadBytes ? undefined : { line, end: last + 4 };
}

/** Characters that a path or a query may have without an escape (RFC 3986), and `%` for escapes. */
const plainTarget = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*$/;

export const version = ' HTTP/1.1';

/**
 * Returns the query of a poll's request line.
 * @param line the request line without its end
 * @param path such as `/poll`
 * @returns undefined for any other request
 */
export function pollQueryOf(line: string, path: string): string | undefined {
  if (!line.startsWith('GET ') || !line.startsWith(path, 4) || !line.endsWith(version)) return undefined;
  const rest = line.slice(4 + path.length, -version.length);
  if (rest === '') return '';
  return rest.charCodeAt(0) === 63 && plainTarget.test(rest) ? rest.slice(1) : undefined;
}

const requestLine = /^(?:GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) \/[\x21\x23-\x5b\x5d-\x7e]* HTTP\/1\.1$/;
const contentLengths = /\r\ncontent-length: ?([0-9]{1,7})(?=\r\n)|\r\ncontent-length/gi;

/**
 * Whether these bytes are exactly one request of any path, with its body. Once `node:http` has answered this request,
 * it has no bytes left, and waits for none. The other headers are left to `node:http`.
 * @param text at least the head of the request
 * @param length number of bytes
 */
export function isOneRequest(text: string, length: number): boolean {
  const place = headPlaceOf(text, 0);
  if (place === undefined || !requestLine.test(text.slice(0, place.line))) return false;
  const block = text.slice(place.line, place.end);
  if (!headerBlock.test(block) || unusual.test(block)) return false;
  const [first, second] = block.toLowerCase().includes('\r\ncontent-length') ? block.matchAll(contentLengths) : [];
  // `NaN` if the length has another form.
  const bodyLength = first === undefined ? 0 : Number(first[1]);
  return second === undefined && place.end + bodyLength === length;
}
