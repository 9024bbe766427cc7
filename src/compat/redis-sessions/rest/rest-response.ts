import {
  ErrorHttpResponse,
  type HttpResponse,
  type HttpStatusCode,
  isHttpResponseSymbol,
} from '@inversifyjs/http-core';

const noStore = { 'cache-control': 'no-store' };

/** An answer of JSON that nobody on the way may keep: it tells of sessions. */
export function jsonResponse(statusCode: HttpStatusCode, body: object): HttpResponse {
  return { [isHttpResponseSymbol]: true, statusCode, body, headers: noStore };
}

export function textResponse(statusCode: HttpStatusCode, body: string, contentType: string): HttpResponse {
  return { [isHttpResponseSymbol]: true, statusCode, body, headers: { ...noStore, 'content-type': contentType } };
}

/** What rest-sessions makes of an error. */
export interface Fault {
  readonly name: string;
  readonly message: string;
}

/** A fault as an exception that `@inversifyjs/http-core` answers with. */
export function faultResponse(
  status: HttpStatusCode,
  { name, message }: Fault,
  headers: Record<string, string> = {},
): ErrorHttpResponse {
  const contentType = { 'content-type': 'application/json; charset=utf-8' };
  const body = JSON.stringify({ name, message });
  return new ErrorHttpResponse(status, body, message, undefined, { ...noStore, ...contentType, ...headers });
}
