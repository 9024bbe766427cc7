import {
  ErrorHttpResponse,
  type HttpResponse,
  type HttpStatusCode,
  isHttpResponseSymbol,
} from '@inversifyjs/http-core';

const noStore = { 'cache-control': 'no-store' };

/** Returns a JSON response that caches must not store, because it describes sessions. */
export function jsonResponse(statusCode: HttpStatusCode, body: object): HttpResponse {
  return { [isHttpResponseSymbol]: true, statusCode, body, headers: noStore };
}

export function textResponse(statusCode: HttpStatusCode, body: string | Buffer, contentType: string): HttpResponse {
  return { [isHttpResponseSymbol]: true, statusCode, body, headers: { ...noStore, 'content-type': contentType } };
}

/** An error in the format of rest-sessions. */
export interface Fault {
  readonly name: string;
  readonly message: string;
}

/** Returns a fault as the exception that `@inversifyjs/http-core` converts to a response. */
export function faultResponse(
  status: HttpStatusCode,
  { name, message }: Fault,
  headers: Record<string, string> = {},
): ErrorHttpResponse {
  const contentType = { 'content-type': 'application/json; charset=utf-8' };
  const body = JSON.stringify({ name, message });
  return new ErrorHttpResponse(status, body, message, undefined, { ...noStore, ...contentType, ...headers });
}
