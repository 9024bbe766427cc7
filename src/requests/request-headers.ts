/** What guards and controllers need of a request, whichever HTTP framework it comes from. */
export interface RequestFace {
  readonly method: string;
  header(name: string): string | undefined;
}

interface WithHeaderFields {
  readonly method: string;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}

interface WithHeaderMethod {
  readonly method: string;
  header(name: string): string | undefined;
}

/** The face of a Fastify or Express request (fields), or of a Hono request (a method). */
export function faceOf(request: object): RequestFace {
  if (hasHeaderFields(request)) {
    return {
      method: request.method,
      header: (name) => {
        const value = request.headers[name];
        return typeof value === 'string' ? value : value?.[0];
      },
    };
  }
  if (hasHeaderMethod(request)) return { method: request.method, header: (name) => request.header(name) };
  throw new TypeError('The request is of no HTTP framework known here: Fastify, Express or Hono');
}

function hasHeaderFields(request: object): request is WithHeaderFields {
  return 'method' in request && 'headers' in request && typeof request.headers === 'object';
}

function hasHeaderMethod(request: object): request is WithHeaderMethod {
  return 'method' in request && 'header' in request && typeof request.header === 'function';
}
