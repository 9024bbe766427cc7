import type { PollOptions } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';

const digits = /^[0-9]{1,15}$/;

/**
 * Reads the options of a poll from the parameters of a query. Refuses a repeated parameter.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function readPollOptions(query: { readonly [name: string]: unknown }): PollOptions {
  const { after, wait, limit, reader } = query;
  const options: { -readonly [Name in keyof PollOptions]: PollOptions[Name] } = {};
  if (after !== undefined) options.after = readText('after', after);
  if (wait !== undefined) options.wait = readNumber('wait', wait);
  if (limit !== undefined) options.limit = readNumber('limit', limit);
  if (reader !== undefined) options.reader = readText('reader', reader);
  return options;
}

/** @throws SessionError `INVALID_ARGUMENT` if the parameter is repeated */
export function readText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalidArgument(name, 'must be given once', value);
}

function readNumber(name: string, value: unknown): number {
  if (typeof value === 'string' && digits.test(value)) return Number(value);
  throw invalidArgument(name, 'must be a whole number, given once', value);
}
