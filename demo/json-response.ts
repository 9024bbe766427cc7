import { type HttpResponse, type HttpStatusCode, isHttpResponseSymbol } from '@inversifyjs/http-core';

/** Returns a JSON answer that must not be cached, with additional headers. */
export function jsonResponse(
  statusCode: HttpStatusCode,
  body: object,
  headers: Record<string, string> = {},
): HttpResponse {
  return { [isHttpResponseSymbol]: true, statusCode, body, headers: { 'cache-control': 'no-store', ...headers } };
}
