/** The part of a request's head that is read, independent of the framework of the request. */
export interface RequestHead {
  readonly method: string;
  /** Whether the request reached this process over TLS; `false` behind a proxy that ends TLS. */
  readonly isEncrypted: boolean;
  /** The value of a header, if the request has it. @param name in lower case */
  header(name: string): string | undefined;
  /**
   * Returns the client's address as Express or Fastify report it, else that of the connection; `''` if it is not known.
   */
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
 * Returns the head of a request of `node:http`, Express or Fastify (which have the headers as fields), of Hono (which
 * has a method for them), or of the Fetch standard.
 * @throws TypeError for a request of another framework
 */
export function requestHeadOf(request: object): RequestHead {
  // Callers without types may pass any value, in which `in` would throw another error.
  if (typeof request !== 'object' || request === null) throw notARequest();
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
  throw notARequest();
}

function notARequest(): TypeError {
  return new TypeError(
    'The request must come from node:http, Express, Fastify or Hono, or be a Request of the Fetch standard',
  );
}

/**
 * Some servers do not pass the `Host` header to their handlers, but all of them derive the URL of the request from it.
 */
function headOfFetch(request: WithHeaderList): RequestHead {
  const { method, url, headers } = request;
  return {
    method,
    isEncrypted: url.startsWith('https:'),
    header: (name) => headers.get(name) ?? (name === 'host' ? hostOf(url) : undefined),
    ip: unknownIp,
  };
}

/** Prefers the address that the framework reports, because the framework knows which proxies are trusted. */
function ipOf({ ip, socket }: WithHeaderFields): string {
  if (typeof ip === 'string') return ip;
  const address: unknown = socket != null && 'remoteAddress' in socket ? socket.remoteAddress : undefined;
  return typeof address === 'string' ? address : '';
}

function unknownIp(): string {
  return '';
}

/** Returns the part between the scheme and the path. */
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
