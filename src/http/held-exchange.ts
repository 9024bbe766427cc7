import { HeldResponse } from '../requests/held-response.js';
import { HeldStream } from '../requests/held-stream.js';
import type { RawResponse } from '../requests/raw-response.js';
import { type RequestHead, requestHeadOf } from '../requests/request-head.js';
import type { CrossOrigin } from '../routes/cross-origin.js';
import { isFastifyReply, isHonoContext, isRawResponse } from './framework-response.js';
import { setResponseHeaders } from './response-headers.js';

/** A request and its response, of any supported framework, for a controller that answers later. */
export class HeldExchange {
  readonly request: RequestHead;
  readonly #response: object;

  constructor(request: object, response: object) {
    this.request = requestHeadOf(request);
    this.#response = response;
  }

  /**
   * Sets the headers of CORS on every answer, including the answers of the framework's error filters.
   * `CrossOriginMiddleware` would do the same, but it costs each poll several promises.
   */
  allow(crossOrigin: CrossOrigin): void {
    setResponseHeaders(this.#response, crossOrigin.headersFor(this.request));
  }

  /**
   * Detaches the response from its framework, so that the framework does not answer.
   * @returns the response, and what the controller must return to the framework
   * @throws TypeError for a response of another framework
   */
  hold(): { response: HeldResponse; result: unknown } {
    const { raw, result } = this.#detach();
    return { response: new HeldResponse(raw), result };
  }

  /** Like `hold`, for a stream of Server-Sent Events. @param mostUnsent as in `HeldStream` */
  stream(mostUnsent: number): { response: HeldStream; result: unknown } {
    const { raw, result } = this.#detach();
    return { response: new HeldStream(raw, mostUnsent), result };
  }

  #detach(): { raw: RawResponse; result: unknown } {
    const response = this.#response;
    if (isFastifyReply(response)) {
      copyHeaders(Object.entries(response.getHeaders()), response.raw);
      response.hijack();
      return { raw: response.raw, result: undefined };
    }
    if (isHonoContext(response)) {
      copyHeaders(response.res.headers, response.env.outgoing);
      return { raw: response.env.outgoing, result: honoAlreadySent() };
    }
    if (isRawResponse(response)) return { raw: response, result: undefined };
    throw new TypeError('The response must come from Fastify, Express, or Hono on Node');
  }
}

function copyHeaders(headers: Iterable<readonly [string, number | string | string[] | undefined]>, raw: RawResponse) {
  for (const [name, value] of headers) if (value !== undefined) raw.setHeader(name, value);
}

/**
 * Returns a response with the header by which Hono's Node server knows that the response was already sent. The server
 * does not look for the header on its own lightweight `Response`; reading `body` turns the response into an ordinary
 * one.
 */
function honoAlreadySent(): Response {
  const response = new Response(null, { headers: { 'x-hono-already-sent': 'true' } });
  void response.body;
  return response;
}
