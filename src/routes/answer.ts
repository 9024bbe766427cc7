import { problemOfAny } from '../requests/problem.js';

/** A complete response, for any front to send. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(value: unknown): Answer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status: 200, headers, body: JSON.stringify(value) };
}

export function emptyAnswer(headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 204, headers, body: '' };
}

/**
 * Returns a problem document. An error that is not for the client is reported as a process warning, and becomes a 500.
 */
export function answerToError(error: unknown): Answer {
  return problemOfAny(error, 'A request failed');
}
