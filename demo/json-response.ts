import { type HttpResponse, type HttpStatusCode, isHttpResponseSymbol } from '@inversifyjs/http-core';

/** A JSON answer that is not cached, with additional headers. */
export function jsonResponse(
  statusCode: HttpStatusCode,
  body: object,
  headers: Record<string, string> = {},
): HttpResponse {
  return { [isHttpResponseSymbol]: true, statusCode, body, headers: { 'cache-control': 'no-store', ...headers } };
}
