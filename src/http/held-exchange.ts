import type { ServerResponse } from 'node:http';
import {
  type CustomParameterDecoratorHandlerOptions,
  createCustomNativeParameterDecorator,
} from '@inversifyjs/http-core';
import { HeldResponse } from '../requests/held-response.js';
import { faceOf, type RequestFace } from '../requests/request-headers.js';

/** The parts of a Fastify reply that are needed to take its response over. */
interface FastifyReplyFace {
  readonly raw: ServerResponse;
  hijack(): void;
  getHeaders(): Record<string, number | string | string[] | undefined>;
}

/** The parts of a Hono context on Node that are needed to take its response over. */
interface HonoContextFace {
  readonly env: { readonly outgoing: ServerResponse };
  readonly res: Response;
}

/** One request that its controller means to answer by itself. */
export class HeldExchange {
  readonly request: RequestFace;
  readonly #response: object;
  readonly #query: () => unknown;

  constructor(request: object, response: object, query: () => unknown) {
    this.request = faceOf(request);
    this.#response = response;
    this.#query = query;
  }

  get query(): { readonly [name: string]: unknown } {
    const query = this.#query();
    return typeof query === 'object' && query !== null ? { ...query } : {};
  }

  /**
   * Takes the response away from its framework.
   * @returns the response, and what the controller must return for the framework to leave it alone
   */
  hold(): { response: HeldResponse; result: unknown } {
    const response = this.#response;
    if (isFastifyReply(response)) {
      copyHeaders(Object.entries(response.getHeaders()), response.raw);
      response.hijack();
      return { response: new HeldResponse(response.raw), result: undefined };
    }
    if (isHonoContext(response)) {
      copyHeaders(response.res.headers, response.env.outgoing);
      return { response: new HeldResponse(response.env.outgoing), result: honoAlreadySent() };
    }
    if (isServerResponse(response)) return { response: new HeldResponse(response), result: undefined };
    throw new TypeError('The response is of no HTTP framework known here: Fastify, Express, or Hono on Node');
  }
}

/** Parameter decorator: the exchange as a whole, for a controller that answers later. */
export function Held(): ParameterDecorator {
  return createCustomNativeParameterDecorator(
    (request: object, response: object, options: CustomParameterDecoratorHandlerOptions<object, object>) =>
      new HeldExchange(request, response, () => options.getQuery(request)),
  );
}

function copyHeaders(
  headers: Iterable<readonly [string, number | string | string[] | undefined]>,
  raw: ServerResponse,
) {
  for (const [name, value] of headers) if (value !== undefined) raw.setHeader(name, value);
}

/**
 * The mark by which Hono's Node server knows that a response was sent behind its back. It looks for the mark only on
 * responses that are not of its own lightweight kind; asking for the body turns such a one into an ordinary one.
 */
function honoAlreadySent(): Response {
  const response = new Response(null, { headers: { 'x-hono-already-sent': 'true' } });
  void response.body;
  return response;
}

function isFastifyReply(response: object): response is FastifyReplyFace {
  return 'hijack' in response && 'raw' in response;
}

function isHonoContext(response: object): response is HonoContextFace {
  return 'env' in response && typeof response.env === 'object' && response.env !== null && 'outgoing' in response.env;
}

function isServerResponse(response: object): response is ServerResponse {
  return 'writeHead' in response && 'end' in response;
}
