import { setHeaders } from '../routes/send-answer.js';
import { isFastifyReply, isHonoContext, isRawResponse } from './framework-response.js';

/** Sets headers on the response of any supported framework, whatever it answers. Appends to an existing `Vary`. */
export function setResponseHeaders(response: object, headers: Readonly<Record<string, string>>): void {
  if (isFastifyReply(response)) {
    for (const [name, value] of Object.entries(headers)) {
      const before = name === 'vary' ? response.getHeaders().vary : undefined;
      response.header(name, before === undefined ? value : `${String(before)}, ${value}`);
    }
  } else if (isHonoContext(response)) {
    for (const [name, value] of Object.entries(headers)) response.header(name, value, { append: name === 'vary' });
  } else if (isRawResponse(response)) {
    setHeaders(response, headers);
  } else {
    throw new TypeError('The response must come from Fastify, Express, or Hono on Node');
  }
}
