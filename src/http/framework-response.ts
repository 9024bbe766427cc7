import type { RawResponse } from '../requests/raw-response.js';

/** The parts of a Fastify reply that are needed to set its headers, and to take its response over. */
export interface FastifyReplyLike {
  readonly raw: RawResponse;
  hijack(): void;
  header(name: string, value: string): unknown;
  getHeaders(): Record<string, number | string | string[] | undefined>;
}

/** The parts of a Hono context on Node that are needed to set its headers, and to take its response over. */
export interface HonoContextLike {
  readonly env: { readonly outgoing: RawResponse };
  readonly res: Response;
  header(name: string, value: string, options: { readonly append: boolean }): void;
}

export function isFastifyReply(response: object): response is FastifyReplyLike {
  return 'hijack' in response && 'raw' in response;
}

export function isHonoContext(response: object): response is HonoContextLike {
  return 'env' in response && typeof response.env === 'object' && response.env !== null && 'outgoing' in response.env;
}

export function isRawResponse(response: object): response is RawResponse {
  return 'writeHead' in response && 'end' in response;
}
