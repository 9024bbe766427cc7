/** What is read of a request's head, whichever framework the request comes from. */
export interface RequestHead {
  readonly method: string;
  /** Whether the request came to this process over TLS; `false` behind a proxy that ends TLS. */
  readonly isEncrypted: boolean;
  /** The value of a header, if the request has it. @param name in lower case */
  header(name: string): string | undefined;
  /** Address of the client, as Express or Fastify tell it, else of the connection; `''` where it is not known. */
  ip(): string;
}

interface WithHeaderFields {
  readonly method: string;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly socket?: object | null;
  readonly ip?: unknown;
}

interface WithHeaderList {
  readonly method: string;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

interface WithHeaderMethod {
  readonly method: string;
  readonly url: string;
  header(name: string): string | undefined;
}

/**
 * The head of a request of `node:http`, Express or Fastify (which have the headers as fields), of Hono (by a method), or
 * of the Fetch standard.
 * @throws TypeError for a request of another framework
 */
export function requestHeadOf(request: object): RequestHead {
  if (hasHeaderList(request)) return headOfFetch(request);
  if (hasHeaderFields(request)) {
    const { socket } = request;
    return {
      method: request.method,
      isEncrypted: socket != null && 'encrypted' in socket && socket.encrypted === true,
      header: (name) => {
        // Over HTTP/2 the host is in the pseudo-header `:authority`, which no HTTP/1 client can send.
        const value = (name === 'host' ? request.headers[':authority'] : undefined) ?? request.headers[name];
        return typeof value === 'string' ? value : value?.[0];
      },
      ip: () => ipOf(request),
    };
  }
  if (hasHeaderMethod(request)) {
    // Hono's Node server takes the scheme of the URL from the socket.
    const isEncrypted = request.url.startsWith('https:');
    return { method: request.method, isEncrypted, header: (name) => request.header(name), ip: unknownIp };
  }
  throw new TypeError(
    'The request must come from node:http, Express, Fastify or Hono, or be a Request of the Fetch standard',
  );
}

/** Not every server gives the `Host` header to its handlers, but each makes the URL of it. */
function headOfFetch(request: WithHeaderList): RequestHead {
  const { method, url, headers } = request;
  return {
    method,
    isEncrypted: url.startsWith('https:'),
    header: (name) => headers.get(name) ?? (name === 'host' ? hostOf(url) : undefined),
    ip: unknownIp,
  };
}

/** The framework's own is preferred: it knows which proxies are trusted. */
function ipOf({ ip, socket }: WithHeaderFields): string {
  if (typeof ip === 'string') return ip;
  const address: unknown = socket != null && 'remoteAddress' in socket ? socket.remoteAddress : undefined;
  return typeof address === 'string' ? address : '';
}

function unknownIp(): string {
  return '';
}

/** Between the scheme and the path. */
function hostOf(url: string): string | undefined {
  return /^[a-z]+:\/\/([^/?#]+)/i.exec(url)?.[1];
}

function hasHeaderList(request: object): request is WithHeaderList {
  return 'url' in request && 'headers' in request && request.headers instanceof Headers;
}

function hasHeaderFields(request: object): request is WithHeaderFields {
  return 'method' in request && 'headers' in request && typeof request.headers === 'object';
}

function hasHeaderMethod(request: object): request is WithHeaderMethod {
  return 'method' in request && 'url' in request && 'header' in request && typeof request.header === 'function';
}
