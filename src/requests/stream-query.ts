import type { StreamOptions } from '../delivery/stream-request.js';
import { invalidArgument } from '../errors/session-error.js';
import { readText } from './poll-query.js';
import type { RequestHead } from './request-head.js';

/**
 * Reads the options of a stream. `Last-Event-ID` overrides the `after` of the URL, because an `EventSource` that
 * reconnects sends its newest cursor there.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function readStreamOptions(request: RequestHead, query: { readonly [name: string]: unknown }): StreamOptions {
  const { reader, ack } = query;
  const options: { -readonly [Name in keyof StreamOptions]: StreamOptions[Name] } = {};
  const lastEventId = request.header('last-event-id');
  const after = lastEventId === undefined || lastEventId === '' ? query.after : lastEventId;
  if (after !== undefined) options.after = readText('after', after);
  if (reader !== undefined) options.reader = readText('reader', reader);
  if (ack === 'sent') options.ack = ack;
  else if (ack !== undefined) throw invalidArgument('ack', 'must be "sent"', ack);
  return options;
}
