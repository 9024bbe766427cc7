import { HeldResponse } from '../requests/held-response.js';
import { HeldStream } from '../requests/held-stream.js';
import type { RawResponse } from '../requests/raw-response.js';
import { type RequestHead, requestHeadOf } from '../requests/request-head.js';
import type { CrossOrigin } from '../routes/cross-origin.js';
import { appendCookie } from '../routes/send-answer.js';
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
      for (const [name, value] of Object.entries(response.getHeaders())) {
        if (value !== undefined) response.raw.setHeader(name, value);
      }
      response.hijack();
      return { raw: response.raw, result: undefined };
    }
    if (isHonoContext(response)) {
      const { outgoing: raw } = response.env;
      for (const [name, value] of response.res.headers) {
        // The list has each cookie separately. `setHeader` would keep only the last one.
        if (name === 'set-cookie') appendCookie(raw, value);
        else raw.setHeader(name, value);
      }
      return { raw, result: honoAlreadySent() };
    }
    if (isRawResponse(response)) return { raw: response, result: undefined };
    throw new TypeError('The response must come from Fastify, Express, or Hono on Node');
  }
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
